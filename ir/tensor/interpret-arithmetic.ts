import { type DType, isBigInt } from '../dtype.ts';
import { f16FromNumber, f16ToNumber, f32Bits, f32FromBits } from '../f16.ts';
import { type BinaryOp, binaryFunction, castFunction, type UnaryOp, unaryFunction } from '../scalar.ts';
import type { Code, NumberCode } from './interpret-memory.ts';

type Combine = (a: NumberCode, b: NumberCode) => NumberCode;

const { fround } = Math;

/** The operations that kernels consist of, without the calls that the general functions of scalar.ts make. */
const fastF32: Readonly<Partial<Record<BinaryOp, Combine>>> = {
  add: (a, b) => (lane) => fround(a(lane) + b(lane)),
  sub: (a, b) => (lane) => fround(a(lane) - b(lane)),
  mul: (a, b) => (lane) => fround(a(lane) * b(lane)),
  div: (a, b) => (lane) => fround(a(lane) / b(lane)),
  min: (a, b) => (lane) => Math.min(a(lane), b(lane)),
  max: (a, b) => (lane) => Math.max(a(lane), b(lane)),
};

const fastI32: Readonly<Partial<Record<BinaryOp, Combine>>> = {
  add: (a, b) => (lane) => (a(lane) + b(lane)) | 0,
  sub: (a, b) => (lane) => (a(lane) - b(lane)) | 0,
  mul: (a, b) => (lane) => Math.imul(a(lane), b(lane)),
  floordiv: (a, b) => (lane) => {
    const [x, y] = [a(lane), b(lane)];
    return y === 0 ? 0 : Math.floor(x / y) | 0;
  },
  floormod: (a, b) => (lane) => {
    const [x, y] = [a(lane), b(lane)];
    return y === 0 ? 0 : (((x % y) + y) % y) | 0;
  },
  min: (a, b) => (lane) => Math.min(a(lane), b(lane)),
  max: (a, b) => (lane) => Math.max(a(lane), b(lane)),
};

const fastBool: Readonly<Partial<Record<BinaryOp, Combine>>> = {
  // Both sides are evaluated: an index out of bounds on the right is an error whatever the left side is.
  and: (a, b) => (lane) => {
    const [x, y] = [a(lane), b(lane)];
    return x && y ? 1 : 0;
  },
  or: (a, b) => (lane) => {
    const [x, y] = [a(lane), b(lane)];
    return x || y ? 1 : 0;
  },
};

const fastCompare: Readonly<Partial<Record<BinaryOp, Combine>>> = {
  eq: (a, b) => (lane) => (a(lane) === b(lane) ? 1 : 0),
  ne: (a, b) => (lane) => (a(lane) === b(lane) ? 0 : 1),
  lt: (a, b) => (lane) => (a(lane) < b(lane) ? 1 : 0),
  le: (a, b) => (lane) => (a(lane) <= b(lane) ? 1 : 0),
  gt: (a, b) => (lane) => (a(lane) > b(lane) ? 1 : 0),
  ge: (a, b) => (lane) => (a(lane) >= b(lane) ? 1 : 0),
};

const fastByDType: Readonly<Partial<Record<DType, Readonly<Partial<Record<BinaryOp, Combine>>>>>> = {
  f32: fastF32,
  i32: fastI32,
  bool: fastBool,
};

export function compileBinary(op: BinaryOp, operands: DType, left: Code, right: Code): Code {
  const fast = isBigInt(operands) ? undefined : (fastByDType[operands]?.[op] ?? fastCompare[op]);
  if (fast !== undefined) return fast(left as NumberCode, right as NumberCode);
  const exact = binaryFunction(op, operands);
  return (lane) => exact(left(lane), right(lane));
}

export function compileUnary(op: UnaryOp, operands: DType, operand: Code): Code {
  const exact = unaryFunction(op, operands);
  return (lane) => exact(operand(lane));
}

/** Conversions that change no value. */
const isWidening = (from: DType, to: DType): boolean =>
  (['i8', 'u8', 'i16', 'u16', 'bool'].includes(from) && ['i32', 'f32', 'f64'].includes(to)) ||
  (['f16', 'f32'].includes(from) && ['f32', 'f64'].includes(to)) ||
  (from === 'i32' && to === 'f64');

export function compileCast(from: DType, to: DType, operand: Code): Code {
  if (from === to || isWidening(from, to)) return operand;
  const convert = castFunction(from, to);
  return (lane) => convert(operand(lane));
}

const word = new DataView(new ArrayBuffer(8));

/** A value's bits as an unsigned integer: bigint for 64 bits, else number. */
function toBits(dtype: DType): (value: number | bigint) => number | bigint {
  switch (dtype) {
    case 'f16':
      return (value) => f16FromNumber(value as number);
    case 'f32':
      return (value) => f32Bits(value as number);
    case 'f64':
      return (value) => {
        word.setFloat64(0, value as number);
        return word.getBigUint64(0);
      };
    default:
      return (value) => value;
  }
}

function fromBits(dtype: DType): (bits: number | bigint) => number | bigint {
  switch (dtype) {
    case 'f16':
      return (bits) => f16ToNumber((bits as number) & 0xffff);
    case 'f32':
      return (bits) => f32FromBits(bits as number);
    case 'f64':
      return (bits) => {
        word.setBigUint64(0, BigInt.asUintN(64, bits as bigint));
        return word.getFloat64(0);
      };
    default:
      return castFunction(isBigInt(dtype) ? 'u64' : 'u32', dtype);
  }
}

/** The same bits as another dtype of the same width. */
export function compileBitcast(from: DType, to: DType, operand: Code): Code {
  const [encode, decode] = [toBits(from), fromBits(to)];
  return (lane) => decode(encode(operand(lane)));
}
