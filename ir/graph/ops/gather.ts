import { type Dim, dimEquals, printShape } from '../../dim.ts';
import { elementCount } from '../../tensor-data.ts';
import type { OpRow } from '../op-row.ts';
import { check, checkAxis, checkFits, checkInteger, checkRank } from './checks.ts';
import { take } from './elements.ts';
import { tupleOffsets, tupleSize } from './index-tuples.ts';
import { indexReader } from './indexing.ts';
import { rowMajorStrides, separableOffsets, stridedOffsets } from './offsets.ts';
import { singleResult } from './result.ts';

const gather: OpRow<'gather'> = singleResult<'gather', 2>({
  kind: 'injective',
  operands: 2,
  infer: ([data, indices], { axis }) => {
    checkInteger(indices, 'indices');
    checkAxis(axis, data);
    return { dtype: data.dtype, shape: data.shape.toSpliced(axis, 1, ...indices.shape) };
  },
  evaluate: ([data, indices], { axis }) => {
    const [strides, read, size] = [rowMajorStrides(data.shape), indexReader(indices), data.shape[axis] as number];
    const tables = data.shape.map((length, own) => {
      const stride = strides[own] as number;
      return own === axis
        ? Int32Array.from({ length: indices.data.length }, (_, i) => read(i, size) * stride)
        : Int32Array.from({ length }, (_, i) => i * stride);
    });
    return take(data, separableOffsets(tables));
  },
});

const gatherElements: OpRow<'gather_elements'> = singleResult<'gather_elements', 2>({
  kind: 'injective',
  operands: 2,
  infer: ([data, indices], { axis }) => {
    checkInteger(indices, 'indices');
    checkAxis(axis, data);
    checkRank(indices, data.shape.length, 'indices');
    checkFits(indices.shape, data.shape, axis);
    return { dtype: data.dtype, shape: indices.shape };
  },
  evaluate: ([data, indices], { axis }, { shape }) => {
    const [strides, read, size] = [rowMajorStrides(data.shape), indexReader(indices), data.shape[axis] as number];
    const stride = strides[axis] as number;
    return take(
      data,
      stridedOffsets(shape, strides.with(axis, 0)).map((offset, i) => offset + read(i, size) * stride),
    );
  },
});

const gatherNd: OpRow<'gather_nd'> = singleResult<'gather_nd', 2>({
  kind: 'injective',
  operands: 2,
  infer: ([data, indices], { batchDims }) => {
    checkInteger(indices, 'indices');
    const last = tupleSize(indices, data.shape.length - batchDims);
    check(
      indices.shape.length > batchDims &&
        data.shape.slice(0, batchDims).every((dim, i) => dimEquals(dim, indices.shape[i] as Dim)),
      () =>
        `data ${printShape(data.shape)} and indices ${printShape(indices.shape)} differ in their ${batchDims} batch axes`,
    );
    return { dtype: data.dtype, shape: [...indices.shape.slice(0, -1), ...data.shape.slice(batchDims + last)] };
  },
  evaluate: ([data, indices], { batchDims }) => {
    const inner = elementCount(data.shape.slice(batchDims + (indices.shape.at(-1) as number)));
    const starts = tupleOffsets(data.shape, indices, batchDims);
    return take(data, separableOffsets([starts, Int32Array.from({ length: inner }, (_, i) => i)]));
  },
});

export const gatherRows = { gather, gather_elements: gatherElements, gather_nd: gatherNd };
