import { type DType, isBigInt, isFloat } from '../dtype.ts';
import { CompilerError } from '../errors.ts';
import { f16FromNumber, f16ToNumber } from '../f16.ts';
import { roundTo, type Scalar } from '../scalar.ts';
import { elementCount, newArray, type TensorData, type TypedArray } from '../tensor-data.ts';
import type { Buffer } from './tensor-func.ts';

/** An expression that is ready to run: gives the value of one lane (0 where it is a scalar). */
export type Code = (lane: number) => Scalar;
/** The same for values that are numbers, which is all but i64 and u64. */
export type NumberCode = (lane: number) => number;

/** A buffer with its elements, of concrete shape. */
export interface Memory {
  readonly buffer: Buffer;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** Where a variable's value is kept while the function runs. */
export interface Slot {
  readonly kind: 'number' | 'bigint' | 'vector';
  readonly index: number;
}

/** A function's memory and variables. Names are unique in a function, so that each variable has one place for good. */
export interface Frame {
  readonly func: string;
  readonly memories: ReadonlyMap<string, Memory>;
  readonly slots: Map<string, Slot>;
  readonly numbers: Float64Array;
  readonly bigints: bigint[];
  readonly vectors: (readonly Scalar[])[];
}

/** What unwritten memory holds, so that reading it shows: NaN, or a number that nothing computes by chance. */
function poisonOf(dtype: DType): Scalar {
  if (dtype === 'f16') return f16FromNumber(Number.NaN);
  if (isFloat(dtype)) return Number.NaN;
  if (dtype === 'bool') return 0xad;
  return isBigInt(dtype) ? roundTo(dtype)(0xdeadbeefn) : roundTo(dtype)(0xdeadbeef);
}

export function poisoned(buffer: Buffer, shape: readonly number[]): Memory {
  const data = newArray(buffer.dtype, elementCount(shape));
  (data as { fill(value: Scalar): unknown }).fill(poisonOf(buffer.dtype));
  return { buffer, shape, data };
}

export function inputMemory(func: string, buffer: Buffer, shape: readonly number[], input: TensorData): Memory {
  const matches = input.dtype === buffer.dtype && input.shape.join() === shape.join();
  if (!matches || input.data.length !== elementCount(shape)) {
    const found = `${input.dtype}[${input.shape.join(', ')}] of ${input.data.length} elements`;
    throw new CompilerError(
      `${func}: input %${buffer.name} is ${buffer.dtype}[${shape.join(', ')}], but was given ${found}`,
    );
  }
  return { buffer, shape, data: input.data };
}

/** Reads an element. One function a type of array: the engine's inline caches stay monomorphic. */
export function compileRead({ buffer, data }: Memory, offset: NumberCode): Code {
  switch (buffer.dtype) {
    case 'f32': {
      const floats = data as Float32Array;
      return (lane) => floats[offset(lane)] as number;
    }
    case 'i32': {
      const ints = data as Int32Array;
      return (lane) => ints[offset(lane)] as number;
    }
    case 'u8':
    case 'bool': {
      const bytes = data as Uint8Array;
      return (lane) => bytes[offset(lane)] as number;
    }
    case 'f16': {
      const halves = data as Uint16Array;
      return (lane) => f16ToNumber(halves[offset(lane)] as number);
    }
    default:
      return (lane) => data[offset(lane)] as Scalar;
  }
}

/** Writes an element. */
export function writer({ buffer, data }: Memory): (offset: number, value: Scalar) => void {
  if (buffer.dtype === 'f16') {
    return (offset, value) => {
      data[offset] = f16FromNumber(value as number);
    };
  }
  if (buffer.dtype === 'f32') {
    const floats = data as Float32Array;
    return (offset, value) => {
      floats[offset] = value as number;
    };
  }
  return (offset, value) => {
    data[offset] = value;
  };
}
