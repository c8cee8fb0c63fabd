import { binaryFunction, type Scalar } from '../../scalar.ts';
import type { OpRow } from '../op-row.ts';
import { checkBinary, checkPerAxis, checkPositive } from './checks.ts';
import { accumulatorOf, decode, encode, newElements } from './elements.ts';
import { rowMajorStrides, stridedOffsets } from './offsets.ts';
import { combineOps, reduceIdentity } from './reduce.ts';
import { singleResult } from './result.ts';
import { windowCount } from './windows.ts';

/** A float sum accumulates in double and rounds once. */
const windowRow = <K extends 'sum' | 'max'>(kind: K): OpRow<`window_${K}`> =>
  singleResult<'window_sum' | 'window_max', 1>({
    kind: 'reduction',
    operands: 1,
    infer: ([x], attrs) => {
      for (const what of ['window', 'strides', 'dilations'] as const) {
        checkPerAxis(attrs[what], x, what);
        checkPositive(attrs[what], what);
      }
      checkBinary(combineOps[kind], x.dtype);
      const { window, strides, dilations } = attrs;
      const shape = x.shape.map((dim, axis) =>
        windowCount(dim, window[axis] as number, strides[axis] as number, dilations[axis] as number),
      );
      return { dtype: x.dtype, shape };
    },
    evaluate: ([x], { window, strides, dilations }, { dtype, shape }) => {
      const own = rowMajorStrides(x.shape);
      const scaled = (factors: readonly number[]) => own.map((stride, axis) => stride * (factors[axis] as number));
      const [positions, taps] = [stridedOffsets(shape, scaled(strides)), stridedOffsets(window, scaled(dilations))];
      const combine = binaryFunction(combineOps[kind], accumulatorOf(dtype));
      const [source, target] = [decode(x), newElements(dtype, positions.length)];
      for (let i = 0; i < positions.length; i++) {
        const base = positions[i] as number;
        let total = reduceIdentity(kind, dtype);
        for (let j = 0; j < taps.length; j++) total = combine(total, source[base + (taps[j] as number)] as Scalar);
        target[i] = total;
      }
      return encode(dtype, target);
    },
  });

export const windowRows = { window_sum: windowRow('sum'), window_max: windowRow('max') };
