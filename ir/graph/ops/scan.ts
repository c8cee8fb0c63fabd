import { type BinaryOp, binaryFunction, type Scalar } from '../../scalar.ts';
import type { OpRow } from '../op-row.ts';
import { checkAxis, checkBinary } from './checks.ts';
import { accumulatorOf, decode, encode, newElements, scalarOf } from './elements.ts';
import { axesOffsets, otherAxes } from './offsets.ts';
import { singleResult } from './result.ts';

/** The running total of a float is a double; each element rounds it once. */
const scanRow = <K extends 'cumsum' | 'cumprod'>(op: BinaryOp, identity: 0 | 1): OpRow<K> =>
  singleResult<'cumsum' | 'cumprod', 1>({
    kind: 'opaque',
    operands: 1,
    infer: ([x], { axis }) => {
      checkAxis(axis, x);
      checkBinary(op, x.dtype);
      return x;
    },
    evaluate: ([x], { axis, exclusive, reverse }, { dtype }) => {
      const [source, combine] = [decode(x), binaryFunction(op, accumulatorOf(dtype))];
      const target = newElements(dtype, source.length);
      const along = axesOffsets(x.shape, [axis]);
      if (reverse) along.reverse();
      for (const base of axesOffsets(x.shape, otherAxes(x.shape.length, [axis]))) {
        let total = scalarOf(dtype, identity);
        for (const step of along) {
          const before = total;
          total = combine(total, source[base + step] as Scalar);
          target[base + step] = exclusive ? before : total;
        }
      }
      return encode(dtype, target);
    },
  });

export const scanRows = { cumsum: scanRow<'cumsum'>('add', 0), cumprod: scanRow<'cumprod'>('mul', 1) };
