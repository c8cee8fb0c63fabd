const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The nearest IEEE binary16, ties to even, as its 16 bits. */
export function f16FromNumber(value: number): number {
  // Rounding through f32 first would round twice; a double's 52 bits are split so that the sticky bit survives.
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundTiesToEven(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  const scale = magnitude >= 2 ** (exponent + 1) ? exponent + 1 : magnitude < 2 ** exponent ? exponent - 1 : exponent;
  // A mantissa that rounds up to 2048 carries into the exponent by itself.
  return sign | (((scale + 15) << 10) + (roundTiesToEven(magnitude * 2 ** (10 - scale)) - 1024));
}

function roundTiesToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

export function f16ToNumber(half: number): number {
  const exponent = (half >> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** The bits of a value rounded to f32. */
export function f32Bits(value: number): number {
  float[0] = value;
  return bits[0] as number;
}

export function f32FromBits(value: number): number {
  bits[0] = value;
  return float[0] as number;
}
