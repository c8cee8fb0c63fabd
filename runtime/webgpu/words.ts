import type { DType, TypedArray } from '../api.ts';
import { ModelInputError } from '../errors.ts';

export type Words = Float32Array | Int32Array | Uint32Array;

/** What elements take on a GPU, in whole words: one each, or the half of one where f16 is held as it is. */
export const gpuBytes = (dtype: DType, elements: number, halves: boolean): number =>
  4 * (halves && dtype === 'f16' ? Math.ceil(elements / 2) : elements);

/** Elements as a GPU holds them: each in a word of its own, or f16 in `halves`. Throws ModelInputError for 64-bit integers beyond 32 bits. */
export function toWords(dtype: DType, data: TypedArray, halves = false): Words {
  switch (dtype) {
    case 'f32':
    case 'i32':
    case 'u32':
      return data as Words;
    case 'f16':
      return halves ? inHalves(data as Uint16Array) : Float32Array.from(data as Uint16Array, fromHalf);
    case 'i8':
    case 'i16':
      return Int32Array.from(data as Int16Array);
    case 'i64':
      return Int32Array.from(data as BigInt64Array as unknown as ArrayLike<bigint>, narrowed as never);
    case 'u8':
    case 'u16':
    case 'bool':
      return Uint32Array.from(data as Uint16Array);
    default:
      throw new ModelInputError(`a tensor of ${dtype} cannot be held by a GPU`);
  }
}

function inHalves(data: Uint16Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(data.length / 2));
  new Uint16Array(words.buffer).set(data);
  return words;
}

function narrowed(value: bigint): number {
  if (value !== BigInt.asIntN(32, value))
    throw new ModelInputError(`${value} does not fit 32 bits, in which a GPU computes integers`);
  return Number(value);
}

/** Words that were read from a GPU, as the array of so many elements of a dtype. */
export function fromWords(
  dtype: DType,
  words: ArrayBuffer,
  halves = false,
  elements = words.byteLength / 4,
): TypedArray {
  switch (dtype) {
    case 'f32':
      return new Float32Array(words);
    case 'i32':
      return new Int32Array(words);
    case 'u32':
      return new Uint32Array(words);
    case 'f16':
      return halves ? new Uint16Array(words, 0, elements) : Uint16Array.from(new Float32Array(words), toHalf);
    case 'i8':
      return Int8Array.from(new Int32Array(words));
    case 'i16':
      return Int16Array.from(new Int32Array(words));
    case 'u16':
      return Uint16Array.from(new Uint32Array(words));
    case 'i64':
      return BigInt64Array.from(Array.from(new Int32Array(words), BigInt));
    case 'u8':
    case 'bool':
      return Uint8Array.from(new Uint32Array(words));
    default:
      throw new ModelInputError(`a tensor of ${dtype} cannot be held by a GPU`);
  }
}

const bits = new DataView(new ArrayBuffer(4));

function fromHalf(half: number): number {
  const [sign, exponent, fraction] = [half >> 15 === 0 ? 1 : -1, (half >> 10) & 31, half & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The half with this value: kernels have rounded to one. */
function toHalf(value: number): number {
  bits.setFloat32(0, value);
  const [word, magnitude] = [bits.getUint32(0), Math.abs(value)];
  const sign = (word >>> 16) & 0x8000;
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | Math.round(magnitude * 2 ** 24);
  return sign | ((((word >>> 23) & 255) - 112) << 10) | ((word >>> 13) & 1023);
}
