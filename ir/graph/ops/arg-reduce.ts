import type { Scalar } from '../../scalar.ts';
import type { OpRow } from '../op-row.ts';
import { check, checkAxis, checkBinary } from './checks.ts';
import { decode } from './elements.ts';
import { axesOffsets, otherAxes } from './offsets.ts';
import { ordering } from './order.ts';
import { reducedShape } from './reduce.ts';
import { singleResult } from './result.ts';

/** As numpy does, takes a NaN for the extreme. `sign` is 1 for the maximum and -1 for the minimum. */
const argRow = <K extends 'argmax' | 'argmin'>(sign: 1 | -1): OpRow<K> =>
  singleResult<'argmax' | 'argmin', 1>({
    kind: 'reduction',
    operands: 1,
    infer: ([x], { axis, keepDims }) => {
      checkAxis(axis, x);
      checkBinary(sign > 0 ? 'max' : 'min', x.dtype);
      check(x.shape[axis] !== 0, () => `axis ${axis} is empty`);
      return { dtype: 'i64', shape: reducedShape(x.shape, [axis], keepDims) };
    },
    evaluate: ([x], { axis, selectLast }) => {
      const [source, compare] = [decode(x), ordering(sign)];
      const inner = axesOffsets(x.shape, [axis]);
      return BigInt64Array.from(axesOffsets(x.shape, otherAxes(x.shape.length, [axis])), (base) => {
        let best = 0;
        for (let i = 1; i < inner.length; i++) {
          const [candidate, old] = [base + (inner[i] as number), base + (inner[best] as number)];
          const order = sign * compare(source[candidate] as Scalar, source[old] as Scalar);
          if (order > 0 || (order === 0 && selectLast)) best = i;
        }
        return BigInt(best);
      });
    },
  });

export const argReduceRows = { argmax: argRow<'argmax'>(1), argmin: argRow<'argmin'>(-1) };
