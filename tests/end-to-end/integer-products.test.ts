import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { dtypeTable } from '../../ir/dtype.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Value } from '../../ir/graph/graph.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';
import { randomNumbers } from '../generators/random.ts';
import { findDifference } from './compile-and-run.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 100);

/** Half of them from the ends of the range, where a product of pairs would saturate first. */
function extremes(dtype: 'i8' | 'u8' | 'i16', shape: readonly number[], random: () => number): TensorData {
  const { bytes, kind } = dtypeTable[dtype];
  const least = kind === 'int' ? -(2 ** (8 * bytes - 1)) : 0;
  const most = least + 2 ** (8 * bytes) - 1;
  const data = newArray(dtype, elementCount(shape)) as Int16Array;
  for (let i = 0; i < data.length; i++) {
    const place = random() * 4;
    data[i] = place < 1 ? least : place < 2 ? most : Math.floor(least + (most - least + 1) * random());
  }
  return { dtype, shape, data };
}

const dtype = fc.constantFrom('i8', 'u8', 'i8', 'u8', 'i16');
const zeroPoint = fc.constantFrom('none', 'constant', 'input', 'each');
const factor = fc.record({ dtype, zeroPoint, isConstant: fc.boolean() });
const size = fc.constantFrom(1, 2, 4, 5, 8, 9, 16, 17, 24, 40);

const integerProduct = fc
  .record({
    kind: fc.constantFrom('matmul', 'conv'),
    factors: fc.tuple(factor, factor),
    sizes: fc.tuple(size, size, fc.constantFrom(2, 4, 6, 8, 10, 16, 34, 64, 1, 3, 7)),
    transB: fc.boolean(),
    kernel: fc.constantFrom(1, 3),
    stride: fc.constantFrom(1, 2),
    seed: fc.nat({ max: 1 << 16 }),
  })
  .map(({ kind, factors, sizes: [m, n, k], transB, kernel, stride, seed }) => {
    const [builder, random] = [new GraphBuilder('product'), randomNumbers(seed)];
    const inputs: Record<string, TensorData> = {};
    const source = (data: TensorData, isConstant: boolean): Value => {
      if (isConstant) return builder.constant(data);
      const name = `x${Object.keys(inputs).length}`;
      inputs[name] = data;
      return builder.input(name, data.dtype, data.shape);
    };
    const wide = (value: Value): Value => builder.op('cast', [value], { to: 'i32' });
    /** A factor as i32, its zero point taken off: one for all, or one for each index of an axis. */
    const factorOf = (at: 0 | 1, shape: readonly number[], axis: number): Value => {
      const { dtype, zeroPoint, isConstant } = factors[at];
      const value = wide(source(extremes(dtype, shape, random), at === 1 && isConstant));
      if (zeroPoint === 'none') return value;
      const each = shape.map((extent, i) => (i === axis && zeroPoint === 'each' ? extent : 1));
      const points = extremes(dtype, zeroPoint === 'each' ? each : [], random);
      return builder.op('sub', [value, wide(source(points, zeroPoint === 'constant'))], {});
    };
    const result = (): Value => {
      if (kind === 'matmul') {
        const b = factorOf(1, transB ? [n, k] : [k, n], transB ? 0 : 1);
        return builder.op('matmul', [factorOf(0, [m, k], 0), b], { transA: false, transB });
      }
      const zero = builder.constant({ dtype: 'i32', shape: [], data: Int32Array.of(0) });
      const border = [0, 0, (kernel - 1) / 2, (kernel - 1) / 2];
      const pads = { before: border, after: border, mode: 'constant' } as const;
      const x = builder.op('pad', [factorOf(0, [1, k, 5, Math.min(m, 9)], 1), zero], pads);
      const [strides, dilations] = [
        [stride, stride],
        [1, 1],
      ];
      const w = factorOf(1, [n, k, kernel, kernel], 0);
      return builder.op('conv', [x, w], { strides, dilations, groups: 1, channels: 'first' });
    };
    builder.output('y', result());
    return { graph: builder.finish(), inputs };
  });

test('products of small integers are exact, by either variant', { timeout: 3_600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(integerProduct, async ({ graph, inputs }) => {
      expect(await findDifference(graph, inputs, { rtol: 0, atol: 0 })).toBeUndefined();
    }),
    { numRuns: runs },
  );
});
