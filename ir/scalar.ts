import { type DType, dtypeTable, isBigInt, isFloat } from './dtype.ts';
import { assertNever } from './errors.ts';
import { f16FromNumber, f16ToNumber } from './f16.ts';
import { erf } from './special-functions.ts';

/**
 * The scalar operations of both IRs and what they mean. Elements of i64 and u64 are bigint, all others are number;
 * bool is 0 or 1. Integers wrap around; integer division or remainder by zero gives 0. f32 and f16 round after each
 * operation. Comparisons and `isnan` give bool.
 */
export type Scalar = number | bigint;

export const unaryOps = [
  'neg',
  'abs',
  'sign',
  'floor',
  'ceil',
  'round',
  'sqrt',
  'exp',
  'log',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'erf',
  'sigmoid',
  'not',
  'bitnot',
  'isnan',
] as const;
export type UnaryOp = (typeof unaryOps)[number];

/**
 * `div` and `mod` truncate toward zero (C's `/` and `fmod`), `floordiv` and `floormod` round down; on floats `div` is
 * the quotient. `min` and `max` give NaN where either operand is NaN. `and or xor` take bool, the `bit…` and shifts
 * integers; a shift by the width or more gives 0 (arithmetic right shift: the sign).
 */
export const binaryOps = [
  'add',
  'sub',
  'mul',
  'div',
  'mod',
  'floordiv',
  'floormod',
  'pow',
  'min',
  'max',
  'and',
  'or',
  'xor',
  'bitand',
  'bitor',
  'bitxor',
  'shl',
  'shr',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
] as const;
export type BinaryOp = (typeof binaryOps)[number];

export const comparisons: ReadonlySet<BinaryOp> = new Set<BinaryOp>(['eq', 'ne', 'lt', 'le', 'gt', 'ge']);

export const unaryResult = (op: UnaryOp, dtype: DType): DType => (op === 'isnan' ? 'bool' : dtype);
export const binaryResult = (op: BinaryOp, dtype: DType): DType => (comparisons.has(op) ? 'bool' : dtype);

/** Brings a mathematical value into the range and precision of a dtype: wraps integers, rounds floats. */
export function roundTo(dtype: DType): (value: Scalar) => Scalar {
  switch (dtype) {
    case 'f32':
      return (value) => Math.fround(value as number);
    case 'f16':
      return (value) => f16ToNumber(f16FromNumber(value as number));
    case 'f64':
      return (value) => value;
    case 'i8':
      return (value) => ((value as number) << 24) >> 24;
    case 'u8':
      return (value) => (value as number) & 0xff;
    case 'i16':
      return (value) => ((value as number) << 16) >> 16;
    case 'u16':
      return (value) => (value as number) & 0xffff;
    case 'i32':
      return (value) => (value as number) | 0;
    case 'u32':
      return (value) => (value as number) >>> 0;
    case 'i64':
      return (value) => BigInt.asIntN(64, value as bigint);
    case 'u64':
      return (value) => BigInt.asUintN(64, value as bigint);
    case 'bool':
      return (value) => (value ? 1 : 0);
    default:
      return assertNever(dtype);
  }
}

function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  // Not `down + 1`, which gives 0 for -0.4: IEEE keeps the sign.
  const up = -(-down - 1);
  if (rest < 0.5) return down;
  if (rest > 0.5) return up;
  return down % 2 === 0 ? down : up;
}

const floatUnary: Readonly<Record<Exclude<UnaryOp, 'not' | 'bitnot' | 'isnan'>, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};

const identity = (x: Scalar): Scalar => x;

function integerUnary(op: UnaryOp, dtype: DType): ((x: Scalar) => Scalar) | undefined {
  const big = isBigInt(dtype);
  switch (op) {
    case 'neg':
      return (x) => -x;
    case 'abs':
      return (x) => (x < 0 ? -x : x);
    case 'sign':
      return big ? (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n) : (x) => Math.sign(x as number);
    case 'floor':
    case 'ceil':
    case 'round':
      return identity;
    case 'bitnot':
      return (x) => ~(x as number);
    default:
      return undefined;
  }
}

/** Whether an operation is defined on a dtype. */
export const supportsUnary = (op: UnaryOp, dtype: DType): boolean => lookUpUnary(op, dtype) !== undefined;
export const supportsBinary = (op: BinaryOp, dtype: DType): boolean => lookUpBinary(op, dtype) !== undefined;

function lookUpUnary(op: UnaryOp, dtype: DType): ((x: Scalar) => Scalar) | undefined {
  if (op === 'not') return dtype === 'bool' ? (x) => (x ? 0 : 1) : undefined;
  if (isFloat(dtype)) {
    if (op === 'isnan') return (x) => (Number.isNaN(x) ? 1 : 0);
    return op === 'bitnot' ? undefined : (floatUnary[op] as (x: Scalar) => Scalar);
  }
  return dtype === 'bool' ? undefined : integerUnary(op, dtype);
}

/** The meaning of a unary operation on operands of `dtype`. Throws an internal error where it is not defined. */
export function unaryFunction(op: UnaryOp, dtype: DType): (x: Scalar) => Scalar {
  const exact = lookUpUnary(op, dtype);
  if (exact === undefined) throw new Error(`internal error: ${op} is not defined on ${dtype}`);
  const round = roundTo(unaryResult(op, dtype));
  return (x) => round(exact(x));
}

const compare: Readonly<Partial<Record<BinaryOp, (a: Scalar, b: Scalar) => Scalar>>> = {
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a === b ? 0 : 1),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  gt: (a, b) => (a > b ? 1 : 0),
  ge: (a, b) => (a >= b ? 1 : 0),
};

const boolean: Readonly<Partial<Record<BinaryOp, (a: Scalar, b: Scalar) => Scalar>>> = {
  and: (a, b) => (a && b ? 1 : 0),
  or: (a, b) => (a || b ? 1 : 0),
  xor: (a, b) => (a === b ? 0 : 1),
};

type FloatBinary = (a: number, b: number) => number;
const float: Readonly<Partial<Record<BinaryOp, FloatBinary>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  mod: (a, b) => a % b,
  floordiv: (a, b) => Math.floor(a / b),
  floormod: (a, b) => {
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
  // C's pow, which differs from JavaScript's in pow(1, NaN) = pow(-1, ±Infinity) = 1.
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b),
  min: Math.min,
  max: Math.max,
};

function numberInteger(op: BinaryOp, dtype: DType): FloatBinary | undefined {
  const width = dtypeTable[dtype].bytes * 8;
  switch (op) {
    case 'add':
      return (a, b) => a + b;
    case 'sub':
      return (a, b) => a - b;
    case 'mul':
      return Math.imul;
    case 'div':
      return (a, b) => (b === 0 ? 0 : Math.trunc(a / b));
    case 'mod':
      return (a, b) => (b === 0 ? 0 : a % b);
    case 'floordiv':
      return (a, b) => (b === 0 ? 0 : Math.floor(a / b));
    case 'floormod':
      return (a, b) => (b === 0 ? 0 : ((a % b) + b) % b);
    case 'pow':
      return (a, b) => Number(BigInt.asIntN(32, integerPower(BigInt(a), BigInt(b))));
    case 'min':
      return Math.min;
    case 'max':
      return Math.max;
    case 'bitand':
      return (a, b) => a & b;
    case 'bitor':
      return (a, b) => a | b;
    case 'bitxor':
      return (a, b) => a ^ b;
    case 'shl':
      return (a, b) => (b < 0 || b >= width ? 0 : a << b);
    case 'shr':
      return dtypeTable[dtype].kind === 'uint'
        ? (a, b) => (b < 0 || b >= width ? 0 : a >>> b)
        : (a, b) => a >> (b < 0 || b >= width ? 31 : b);
    default:
      return undefined;
  }
}

/** Powers with a negative exponent give what C's conversion of the real result gives: 0, or ±1 for the bases ±1. */
function integerPower(base: bigint, exponent: bigint): bigint {
  if (exponent >= 0n) return wrappedPower(base, exponent);
  if (base === 1n) return 1n;
  if (base === -1n) return exponent % 2n === 0n ? 1n : -1n;
  return 0n;
}

function wrappedPower(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asUintN(64, result * square);
    square = BigInt.asUintN(64, square * square);
  }
  return result;
}

function bigInteger(op: BinaryOp, dtype: DType): ((a: bigint, b: bigint) => bigint) | undefined {
  switch (op) {
    case 'add':
      return (a, b) => a + b;
    case 'sub':
      return (a, b) => a - b;
    case 'mul':
      return (a, b) => a * b;
    case 'div':
      return (a, b) => (b === 0n ? 0n : a / b);
    case 'mod':
      return (a, b) => (b === 0n ? 0n : a % b);
    case 'floordiv':
      return (a, b) => (b === 0n ? 0n : (a - (((a % b) + b) % b)) / b);
    case 'floormod':
      return (a, b) => (b === 0n ? 0n : ((a % b) + b) % b);
    case 'pow':
      return integerPower;
    case 'min':
      return (a, b) => (a < b ? a : b);
    case 'max':
      return (a, b) => (a > b ? a : b);
    case 'bitand':
      return (a, b) => a & b;
    case 'bitor':
      return (a, b) => a | b;
    case 'bitxor':
      return (a, b) => a ^ b;
    case 'shl':
      return (a, b) => (b < 0n || b >= 64n ? 0n : a << b);
    case 'shr':
      return dtype === 'u64'
        ? (a, b) => (b < 0n || b >= 64n ? 0n : a >> b)
        : (a, b) => a >> (b < 0n || b >= 64n ? 63n : b);
    default:
      return undefined;
  }
}

function lookUpBinary(op: BinaryOp, dtype: DType): ((a: Scalar, b: Scalar) => Scalar) | undefined {
  const comparison = compare[op];
  if (comparison !== undefined) return comparison;
  if (dtype === 'bool') return boolean[op];
  if (isFloat(dtype)) return float[op] as ((a: Scalar, b: Scalar) => Scalar) | undefined;
  return (isBigInt(dtype) ? bigInteger(op, dtype) : numberInteger(op, dtype)) as
    | ((a: Scalar, b: Scalar) => Scalar)
    | undefined;
}

/** The meaning of a binary operation on operands of `dtype`. Throws an internal error where it is not defined. */
export function binaryFunction(op: BinaryOp, dtype: DType): (a: Scalar, b: Scalar) => Scalar {
  const exact = lookUpBinary(op, dtype);
  if (exact === undefined) throw new Error(`internal error: ${op} is not defined on ${dtype}`);
  const round = roundTo(binaryResult(op, dtype));
  return (a, b) => round(exact(a, b));
}

/**
 * Conversion between dtypes. Float to integer truncates toward zero and saturates at the range of 32 bits (64 bits for
 * i64 and u64) before it wraps to narrower types; NaN gives 0. Anything but 0 converts to bool 1.
 */
export function castFunction(from: DType, to: DType): (value: Scalar) => Scalar {
  if (from === to) return identity;
  if (to === 'bool') return (value) => (Number.isNaN(value) || Number(value) !== 0 ? 1 : 0);
  const round = roundTo(to);
  if (isFloat(to)) return (value) => round(Number(value));
  if (isFloat(from)) {
    const [low, high] = truncationRange(to);
    if (isBigInt(to)) return (value) => (Number.isNaN(value) ? 0n : clampBig(value as number, low, high));
    return (value) =>
      round(Number.isNaN(value) ? 0 : Math.trunc(Math.min(Math.max(value as number, Number(low)), Number(high))));
  }
  if (isBigInt(to)) return (value) => round(BigInt(value));
  return isBigInt(from) ? (value) => round(Number(BigInt.asIntN(32, value as bigint))) : round;
}

function truncationRange(to: DType): readonly [bigint, bigint] {
  const unsigned = to === 'u32' || to === 'u64';
  const bits = isBigInt(to) ? 64n : 32n;
  return unsigned ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
}

function clampBig(value: number, low: bigint, high: bigint): bigint {
  if (value >= Number(high)) return high;
  return value <= Number(low) ? low : BigInt(Math.trunc(value));
}
