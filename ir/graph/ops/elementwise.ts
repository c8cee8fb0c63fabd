import { byteSize } from '../../dtype.ts';
import {
  type BinaryOp,
  binaryFunction,
  binaryOps,
  binaryResult,
  castFunction,
  type Scalar,
  supportsUnary,
  type UnaryOp,
  unaryFunction,
  unaryOps,
  unaryResult,
} from '../../scalar.ts';
import { arrayFromBytes, bytesOf, elementCount, type TensorData } from '../../tensor-data.ts';
import type { OpRow } from '../op-row.ts';
import { broadcastShapes } from './broadcast.ts';
import { check, checkBinary, checkDType, checkSameDType } from './checks.ts';
import { decode, type Elements, encode, newElements } from './elements.ts';
import { broadcastStrides, stridedOffsets } from './offsets.ts';
import { singleResult } from './result.ts';

function mapElements({ length }: { readonly length: number }, target: Elements, f: (i: number) => Scalar): Elements {
  for (let i = 0; i < length; i++) target[i] = f(i);
  return target;
}

/** Reads the element of an operand that broadcasting puts at each place of the result. */
function broadcastReader(operand: TensorData, shape: readonly number[]): (i: number) => Scalar {
  const elements = decode(operand);
  // The broadcast operand has as many elements as the result exactly where it has the same layout.
  if (elements.length === elementCount(shape)) return (i) => elements[i] as Scalar;
  if (elements.length === 1) return () => elements[0] as Scalar;
  const offsets = stridedOffsets(shape, broadcastStrides(operand.shape, shape));
  return (i) => elements[offsets[i] as number] as Scalar;
}

const unaryRow = <K extends UnaryOp>(op: K): OpRow<K> =>
  singleResult<K, 1>({
    kind: 'elementwise',
    operands: 1,
    infer: ([x]) => {
      check(supportsUnary(op, x.dtype), () => `${op} is not defined on ${x.dtype}`);
      return { dtype: unaryResult(op, x.dtype), shape: x.shape };
    },
    evaluate: ([x], _, { dtype }) => {
      const [source, f] = [decode(x), unaryFunction(op, x.dtype)];
      return encode(
        dtype,
        mapElements(source, newElements(dtype, source.length), (i) => f(source[i] as Scalar)),
      );
    },
  });

const binaryRow = <K extends BinaryOp>(op: K): OpRow<K> =>
  singleResult<K, 2>({
    kind: 'elementwise',
    operands: 2,
    infer: ([a, b]) => {
      checkSameDType([a, b]);
      checkBinary(op, a.dtype);
      return { dtype: binaryResult(op, a.dtype), shape: broadcastShapes(a.shape, b.shape) };
    },
    evaluate: ([a, b], _, { dtype, shape }) => {
      const [left, right, f] = [broadcastReader(a, shape), broadcastReader(b, shape), binaryFunction(op, a.dtype)];
      const target = newElements(dtype, elementCount(shape));
      return encode(
        dtype,
        mapElements(target, target, (i) => f(left(i), right(i))),
      );
    },
  });

const select: OpRow<'select'> = singleResult<'select', 3>({
  kind: 'elementwise',
  operands: 3,
  infer: ([cond, then, otherwise]) => {
    checkDType(cond, 'bool', 'the condition');
    checkSameDType([then, otherwise]);
    return {
      dtype: then.dtype,
      shape: broadcastShapes(cond.shape, broadcastShapes(then.shape, otherwise.shape)),
    };
  },
  evaluate: ([cond, then, otherwise], _, { dtype, shape }) => {
    const [holds, left, right] = [cond, then, otherwise].map((operand) => broadcastReader(operand, shape)) as [
      (i: number) => Scalar,
      (i: number) => Scalar,
      (i: number) => Scalar,
    ];
    const target = newElements(dtype, elementCount(shape));
    return encode(
      dtype,
      mapElements(target, target, (i) => (holds(i) === 0 ? right(i) : left(i))),
    );
  },
});

const cast: OpRow<'cast'> = singleResult<'cast', 1>({
  kind: 'elementwise',
  operands: 1,
  infer: ([x], { to }) => ({ dtype: to, shape: x.shape }),
  evaluate: ([x], { to }) => {
    const [source, f] = [decode(x), castFunction(x.dtype, to)];
    return encode(
      to,
      mapElements(source, newElements(to, source.length), (i) => f(source[i] as Scalar)),
    );
  },
});

const bitcast: OpRow<'bitcast'> = singleResult<'bitcast', 1>({
  kind: 'elementwise',
  operands: 1,
  infer: ([x], { to }) => {
    check(byteSize(x.dtype) === byteSize(to), () => `${x.dtype} and ${to} differ in width`);
    check(to !== 'bool' || x.dtype === 'bool', () => `the bits of ${x.dtype} are no bool`);
    return { dtype: to, shape: x.shape };
  },
  evaluate: ([x], { to }) => arrayFromBytes(to, bytesOf(x.data)),
});

type UnaryRows = { readonly [K in UnaryOp]: OpRow<K> };
type BinaryRows = { readonly [K in BinaryOp]: OpRow<K> };

export const elementwiseRows = {
  ...(Object.fromEntries(unaryOps.map((op) => [op, unaryRow(op)])) as UnaryRows),
  ...(Object.fromEntries(binaryOps.map((op) => [op, binaryRow(op)])) as BinaryRows),
  select,
  cast,
  bitcast,
};
