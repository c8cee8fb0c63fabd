import { type Dim, type Shape, shapeEquals } from '../../ir/dim.ts';
import type { DType } from '../../ir/dtype.ts';
import { UnsupportedError } from '../../ir/errors.ts';
import type { ReduceKind } from '../../ir/graph/op-attrs.ts';
import { type BinaryOp, supportsBinary, supportsUnary, type UnaryOp } from '../../ir/scalar.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import type { Emitter } from './emitter.ts';
import { constantOperand, dimsOperand, type Operand, tensorOf } from './operand.ts';

/** A number stands for a scalar of the other operand's dtype. */
export type OperandOrNumber = Operand | number;

/**
 * The core operators as the rows of compiler/onnx/ops write them. What changes nothing (a cast to the same dtype, a
 * reshape to the same shape…) gives its operand back. Throws UnsupportedError where an operation is not defined on the
 * dtype.
 */
export interface Writer extends Emitter {
  constant(data: TensorData): Operand;
  scalar(dtype: DType, value: number): Operand;
  tensor(dtype: DType, shape: readonly number[], values: readonly number[]): Operand;
  /** Dimensions as a vector of i64. */
  dims(dims: Shape): Operand;
  unary(op: UnaryOp, x: Operand): Operand;
  binary(op: BinaryOp, a: OperandOrNumber, b: OperandOrNumber): Operand;
  add(a: OperandOrNumber, b: OperandOrNumber): Operand;
  sub(a: OperandOrNumber, b: OperandOrNumber): Operand;
  mul(a: OperandOrNumber, b: OperandOrNumber): Operand;
  div(a: OperandOrNumber, b: OperandOrNumber): Operand;
  min(a: OperandOrNumber, b: OperandOrNumber): Operand;
  max(a: OperandOrNumber, b: OperandOrNumber): Operand;
  select(cond: Operand, then: OperandOrNumber, otherwise: OperandOrNumber): Operand;
  cast(x: Operand, to: DType): Operand;
  reshape(x: Operand, shape: Shape): Operand;
  transpose(x: Operand, perm: readonly number[]): Operand;
  broadcastTo(x: Operand, shape: Shape): Operand;
  slice(x: Operand, starts: Shape, sizes: Shape, steps?: readonly number[]): Operand;
  /** Elements start, start+step, … of one axis. */
  sliceAxis(x: Operand, axis: number, start: Dim, size: Dim, step?: number): Operand;
  pad(x: Operand, before: readonly number[], after: readonly number[], value: OperandOrNumber): Operand;
  concat(parts: readonly Operand[], axis: number): Operand;
  gather(x: Operand, indices: Operand, axis: number): Operand;
  reduce(kind: ReduceKind, x: Operand, axes: readonly number[], keepDims: boolean): Operand;
  matmul(a: Operand, b: Operand, transpose?: { readonly a?: boolean; readonly b?: boolean }): Operand;
  iota(dtype: DType, shape: Shape, axis: number): Operand;
}

export function createWriter(emitter: Emitter): Writer {
  const { op } = emitter;
  const constant = (data: TensorData) => constantOperand(data);
  const tensor = (dtype: DType, shape: readonly number[], values: readonly number[]) =>
    constant(tensorOf(dtype, shape, values));
  const scalar = (dtype: DType, value: number) => tensor(dtype, [], [value]);
  const lift = (x: OperandOrNumber, other: OperandOrNumber): Operand =>
    typeof x === 'number' ? scalar(typeof other === 'number' ? 'f32' : other.type.dtype, x) : x;

  function binary(name: BinaryOp, a: OperandOrNumber, b: OperandOrNumber): Operand {
    const [left, right] = [lift(a, b), lift(b, a)];
    if (!supportsBinary(name, left.type.dtype)) throw new UnsupportedError([`${name} on ${left.type.dtype}`]);
    return op(name, [left, right], {});
  }

  function slice(x: Operand, starts: Shape, sizes: Shape, steps: readonly number[] = starts.map(() => 1)): Operand {
    const whole =
      shapeEquals(sizes, x.type.shape) && steps.every((step) => step === 1) && starts.every((start) => start === 0);
    return whole ? x : op('slice', [x], { starts, sizes, steps });
  }

  return {
    ...emitter,
    constant,
    scalar,
    tensor,
    dims: (dims) => dimsOperand('i64', [dims.length], dims),
    unary(name, x) {
      if (!supportsUnary(name, x.type.dtype)) throw new UnsupportedError([`${name} on ${x.type.dtype}`]);
      return op(name, [x], {});
    },
    binary,
    add: (a, b) => binary('add', a, b),
    sub: (a, b) => binary('sub', a, b),
    mul: (a, b) => binary('mul', a, b),
    div: (a, b) => binary('div', a, b),
    min: (a, b) => binary('min', a, b),
    max: (a, b) => binary('max', a, b),
    select: (cond, then, otherwise) => op('select', [cond, lift(then, otherwise), lift(otherwise, then)], {}),
    cast: (x, to) => (x.type.dtype === to ? x : op('cast', [x], { to })),
    reshape: (x, shape) => (shapeEquals(x.type.shape, shape) ? x : op('reshape', [x], { shape })),
    transpose: (x, perm) => (perm.every((from, to) => from === to) ? x : op('transpose', [x], { perm })),
    broadcastTo: (x, shape) => (shapeEquals(x.type.shape, shape) ? x : op('broadcast_to', [x], { shape })),
    slice,
    sliceAxis(x, axis, start, size, step = 1) {
      const at = <T>(value: T, others: (dim: Dim) => T) =>
        x.type.shape.map((dim, i) => (i === axis ? value : others(dim)));
      return slice(
        x,
        at<Dim>(start, () => 0),
        at<Dim>(size, (dim) => dim),
        at(step, () => 1),
      );
    },
    pad(x, before, after, value) {
      if ([...before, ...after].every((count) => count === 0)) return x;
      return op('pad', [x, lift(value, x)], { before, after, mode: 'constant' });
    },
    concat: (parts, axis) => (parts.length === 1 ? (parts[0] as Operand) : op('concat', parts, { axis })),
    gather: (x, indices, axis) => op('gather', [x, indices], { axis }),
    reduce(kind, x, axes, keepDims) {
      if (axes.length === 0) return x;
      return op(`reduce_${kind}`, [x], { axes, keepDims });
    },
    matmul: (a, b, transpose = {}) =>
      op('matmul', [a, b], { transA: transpose.a ?? false, transB: transpose.b ?? false }),
    iota: (dtype, shape, axis) => op('iota', [], { shape, axis, dtype }),
  };
}
