import { printShape } from '../../dim.ts';
import { elementCount, type TensorData } from '../../tensor-data.ts';
import type { TensorType } from '../graph.ts';
import { check } from './checks.ts';
import { indexReader } from './indexing.ts';
import { rowMajorStrides } from './offsets.ts';

/** How many axes each tuple of gather_nd's and scatter_nd's indices names: their last dimension, at most `rank`. */
export function tupleSize({ shape }: TensorType, rank: number): number {
  const last = shape.at(-1);
  check(
    typeof last === 'number' && last <= rank,
    () => `indices have shape ${printShape(shape)}, expected a last dimension from 0 to ${rank}`,
  );
  return last;
}

/** Where the slices of `shape` begin that the tuples name; the first `batchDims` axes go along with the indices'. */
export function tupleOffsets(shape: readonly number[], indices: TensorData, batchDims: number): Int32Array {
  const [strides, read, last] = [rowMajorStrides(shape), indexReader(indices), indices.shape.at(-1) as number];
  const count = elementCount(indices.shape.slice(0, -1));
  const perBatch = elementCount(indices.shape.slice(batchDims, -1));
  const batchStride = elementCount(shape.slice(batchDims));
  return Int32Array.from({ length: count }, (_, tuple) => {
    let offset = Math.floor(tuple / perBatch) * batchStride;
    for (let i = 0; i < last; i++) {
      const axis = batchDims + i;
      offset += read(tuple * last + i, shape[axis] as number) * (strides[axis] as number);
    }
    return offset;
  });
}
