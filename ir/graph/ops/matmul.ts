import { type Dim, dimEquals, printDim, printShape, type Shape } from '../../dim.ts';
import { elementCount } from '../../tensor-data.ts';
import type { OpRow } from '../op-row.ts';
import { broadcastShapes } from './broadcast.ts';
import { check, checkBinary, checkSameDType } from './checks.ts';
import { dotProduct } from './dot.ts';
import { decode, encode, newElements } from './elements.ts';
import { broadcastStrides, stridedOffsets } from './offsets.ts';
import { singleResult } from './result.ts';

/** The dimensions of a stack of matrices, each as [rows, columns] after the optional transposition. */
function matrix<T extends Dim>(shape: readonly T[], transposed: boolean): readonly [rows: T, columns: T] {
  const [rows, columns] = shape.slice(-2) as [T, T];
  return transposed ? [columns, rows] : [rows, columns];
}

const checkMatrix = (shape: Shape): void =>
  check(shape.length >= 2, () => `shape ${printShape(shape)}, expected at least 2 axes`);

function batchOffsets(from: readonly number[], batch: readonly number[]): Int32Array {
  const size = elementCount(from.slice(-2));
  const strides = broadcastStrides(from.slice(0, -2), batch);
  return stridedOffsets(
    batch,
    strides.map((stride) => stride * size),
  );
}

const matmul: OpRow<'matmul'> = singleResult<'matmul', 2>({
  kind: 'contraction',
  operands: 2,
  infer: ([a, b], { transA, transB }) => {
    checkSameDType([a, b]);
    checkBinary('mul', a.dtype);
    checkMatrix(a.shape);
    checkMatrix(b.shape);
    const [[m, k], [other, n]] = [matrix(a.shape, transA), matrix(b.shape, transB)];
    check(
      dimEquals(k, other),
      () => `shapes ${printShape(a.shape)} and ${printShape(b.shape)} contract ${printDim(k)} with ${printDim(other)}`,
    );
    return { dtype: a.dtype, shape: [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n] };
  },
  evaluate: ([a, b], { transA, transB }, { dtype, shape }) => {
    const [[m, k], [, n]] = [matrix(a.shape, transA), matrix(b.shape, transB)];
    // In each operand: how far apart the elements of a row of the product's sum stand, and the starts of those sums.
    const [aStep, aStart] = transA ? [m, 1] : [1, k];
    const [bStep, bStart] = transB ? [1, k] : [n, 1];
    const left = { elements: decode(a), offsets: stridedOffsets([k], [aStep]) };
    const right = { elements: decode(b), offsets: stridedOffsets([k], [bStep]) };
    const [dot, target] = [dotProduct(dtype), newElements(dtype, elementCount(shape))];
    const batch = shape.slice(0, -2);
    const [aBatches, bBatches] = [batchOffsets(a.shape, batch), batchOffsets(b.shape, batch)];
    let at = 0;
    aBatches.forEach((aBatch, i) => {
      const bBatch = bBatches[i] as number;
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++) {
          target[at++] = dot(left, aBatch + row * aStart, right, bBatch + column * bStart);
        }
      }
    });
    return encode(dtype, target);
  },
});

export const matmulRows = { matmul };
