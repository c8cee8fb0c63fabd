import { printShape, type Shape } from '../../dim.ts';
import { type DType, dtypeTable } from '../../dtype.ts';
import { CompilerError } from '../../errors.ts';
import { type BinaryOp, supportsBinary } from '../../scalar.ts';
import type { TensorType } from '../graph.ts';

/** Throws what `infer` throws where the condition does not hold. */
export function check(condition: unknown, message: () => string): asserts condition {
  if (!condition) throw new CompilerError(message());
}

export const printType = ({ dtype, shape }: TensorType): string => `${dtype}${printShape(shape)}`;

export function checkSameDType(types: readonly TensorType[]): void {
  check(
    types.every(({ dtype }) => dtype === types[0]?.dtype),
    () => `operands differ in dtype: ${types.map(printType).join(' and ')}`,
  );
}

export function checkDType({ dtype }: TensorType, wanted: DType, what: string): void {
  check(dtype === wanted, () => `${what} is ${dtype}, expected ${wanted}`);
}

export function checkInteger({ dtype }: TensorType, what: string): void {
  const { kind } = dtypeTable[dtype];
  check(kind === 'int' || kind === 'uint', () => `${what} is ${dtype}, expected an integer dtype`);
}

export function checkBinary(op: BinaryOp, dtype: DType): void {
  check(supportsBinary(op, dtype), () => `${op} is not defined on ${dtype}`);
}

export function checkAxis(axis: number, { shape }: TensorType): void {
  check(
    Number.isInteger(axis) && axis >= 0 && axis < shape.length,
    () => `axis ${axis} is not one of the ${shape.length} axes of ${printShape(shape)}`,
  );
}

export function checkRank({ shape }: TensorType, rank: number, what: string): void {
  check(shape.length === rank, () => `${what} has shape ${printShape(shape)}, expected ${rank} axes`);
}

/** Checks that an attribute has one entry an axis. */
export function checkPerAxis(list: readonly unknown[], { shape }: TensorType, what: string): void {
  check(list.length === shape.length, () => `${what} has ${list.length} entries for ${shape.length} axes`);
}

export function checkPositive(list: readonly number[], what: string): void {
  check(
    list.every((value) => Number.isInteger(value) && value >= 1),
    () => `${what} are [${list.join(', ')}], expected positive integers`,
  );
}

/** Checks that no dimension of `inner` but those of `except` is larger than that of `outer`, as far as both are known. */
export function checkFits(inner: Shape, outer: Shape, except: number): void {
  inner.forEach((dim, i) => {
    const limit = outer[i];
    const tooLarge = i !== except && typeof dim === 'number' && typeof limit === 'number' && dim > limit;
    check(!tooLarge, () => `shape ${printShape(inner)} does not fit in ${printShape(outer)} on axis ${i}`);
  });
}
