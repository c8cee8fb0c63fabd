import { shapeEquals } from '../../ir/dim.ts';
import { type DType, dtypeTable, isBigInt, isFloat } from '../../ir/dtype.ts';
import type { BinaryOp, UnaryOp } from '../../ir/scalar.ts';
import {
  add,
  binary,
  cast,
  constant,
  floordiv,
  floormod,
  int,
  less,
  load,
  select,
  sub,
  unary,
} from '../../ir/tensor/build.ts';
import type { Buffer, Expr } from '../../ir/tensor/tensor-func.ts';
import type { Choices } from './random.ts';

/** A block iteration variable with its constant extent. */
export interface Axis {
  readonly value: Expr;
  readonly extent: number;
}

/** What an expression may read: its axes, buffers that are written already, and a way to ask for a new input. */
export interface Surroundings {
  readonly choices: Choices;
  readonly axes: readonly Axis[];
  readonly readable: () => readonly Buffer[];
  readonly newInput: (dtype: DType, shape: readonly number[]) => Buffer;
}

// Operations whose results are exact or correctly rounded, so that every way to run them agrees to the bit.
const floatBinary: readonly BinaryOp[] = ['add', 'sub', 'mul', 'min', 'max'];
const intBinary: readonly BinaryOp[] = ['add', 'sub', 'mul', 'min', 'max'];
const boolBinary: readonly BinaryOp[] = ['and', 'or', 'xor'];
const comparisonOps: readonly BinaryOp[] = ['lt', 'le', 'gt', 'ge', 'eq', 'ne'];
const floatUnary: readonly UnaryOp[] = ['neg', 'abs', 'sqrt', 'floor', 'ceil'];

export function randomExpr(around: Surroundings, dtype: DType, depth: number): Expr {
  const { choices } = around;
  if (depth === 0) return choices.chance(4) ? randomConstant(choices, dtype) : randomLoad(around, dtype);
  const operand = (): Expr => randomExpr(around, dtype, depth - 1);
  switch (choices.below(7)) {
    case 0:
      return randomLoad(around, dtype);
    case 1:
    case 2:
    case 3:
      return binary(choices.pick(binaryOpsOf(dtype)), operand(), operand());
    case 4:
      return unary(unaryOpOf(choices, dtype), operand());
    case 5:
      return select(randomCondition(around, dtype, depth - 1), operand(), operand());
    default:
      return randomConversion(around, dtype, depth - 1);
  }
}

const binaryOpsOf = (dtype: DType): readonly BinaryOp[] =>
  dtype === 'bool' ? boolBinary : isFloat(dtype) ? floatBinary : intBinary;

function unaryOpOf(choices: Choices, dtype: DType): UnaryOp {
  if (dtype === 'bool') return 'not';
  return isFloat(dtype) ? choices.pick(floatUnary) : choices.pick(['neg', 'abs'] as const);
}

function randomConstant(choices: Choices, dtype: DType): Expr {
  const value = choices.below(9);
  const { kind } = dtypeTable[dtype];
  if (kind === 'bool') return constant(value & 1, dtype);
  if (isBigInt(dtype)) return constant(BigInt(value), dtype);
  return constant(kind === 'float' ? (value - 4) / 2 : value, dtype);
}

function randomCondition(around: Surroundings, dtype: DType, depth: number): Expr {
  const { choices, axes } = around;
  if (choices.chance(2) && axes.length > 0) {
    const axis = choices.pick(axes);
    return less(axis.value, int(choices.below(axis.extent + 1)));
  }
  return binary(choices.pick(comparisonOps), randomExpr(around, dtype, depth), randomExpr(around, dtype, depth));
}

/** Converts from i32, which every dtype takes; narrow integers wrap. */
function randomConversion(around: Surroundings, dtype: DType, depth: number): Expr {
  const from: DType = dtype === 'i32' ? 'u8' : 'i32';
  return cast(randomExpr(around, from, depth), dtype);
}

/** A load that is inside of its buffer: at the axes, shifted, clamped, wrapped, guarded as for padding, or a gather. */
function randomLoad(around: Surroundings, dtype: DType): Expr {
  const { choices, axes } = around;
  const fitting = around.readable().filter((buffer) => buffer.dtype === dtype);
  if (fitting.length > 0 && !choices.chance(3)) return randomAccess(around, choices.pick(fitting));
  const kept = axes.filter(() => !choices.chance(3));
  const source = around.newInput(
    dtype,
    kept.map((axis) => axis.extent),
  );
  if (
    shapeEquals(
      source.shape,
      kept.map((axis) => axis.extent),
    )
  )
    return load(
      source,
      kept.map((axis) => axis.value),
    );
  return randomAccess(around, source);
}

function randomAccess(around: Surroundings, source: Buffer): Expr {
  const { choices, axes } = around;
  const sizes = source.shape.map(Number);
  const padded = choices.chance(4) ? axes.find((axis) => axis.extent === sizes[0]) : undefined;
  const rest = sizes.slice(padded === undefined ? 0 : 1).map((size) => randomIndex(around, size));
  if (padded === undefined) return load(source, rest);
  const inside = binary('ge', padded.value, int(1));
  const zero = constant(isBigInt(source.dtype) ? 0n : 0, source.dtype);
  return select(inside, load(source, [sub(padded.value, int(1)), ...rest]), zero);
}

function randomIndex(around: Surroundings, size: number): Expr {
  const { choices, axes } = around;
  const exact = axes.find((axis) => axis.extent === size);
  if (exact !== undefined && !choices.chance(4)) return exact.value;
  if (axes.length === 0) return int(choices.below(size));
  const axis = choices.pick(axes);
  switch (choices.below(6)) {
    case 0:
      return axis.extent <= size
        ? add(axis.value, int(choices.below(size - axis.extent + 1)))
        : floormod(axis.value, int(size));
    case 1:
      return binary('min', axis.value, int(size - 1));
    case 2:
      return floormod(axis.value, int(size));
    case 3:
      return floordiv(axis.value, int(Math.ceil(axis.extent / size)));
    case 4:
      return int(choices.below(size));
    default:
      return gatherIndex(around, axis, size);
  }
}

function gatherIndex(around: Surroundings, axis: Axis, size: number): Expr {
  const table = around.newInput('i32', [axis.extent]);
  const at =
    table.shape.length === 1 && Number(table.shape[0]) >= axis.extent ? [axis.value] : table.shape.map(() => int(0));
  return binary('min', binary('max', load(table, at), int(0)), int(size - 1));
}
