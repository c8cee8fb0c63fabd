import type { Binaryen, Module, Ref } from './binaryen.ts';
import type { Helper } from './helper.ts';

/**
 * f16 in the arithmetic of wider floats. Rounding: with c = 2^(e+13) for a value of exponent e (at least -14, where the
 * subnormals begin), (|x| + c) - c rounds |x| to a multiple of 2^(e-10), ties to even, by the adder itself.
 * Conversion: a half's bits, moved up by 13, are the f32 of 2^-112 times its value, subnormals included.
 */
const MIN_NORMAL = 113 << 23;
const ROUND_UP = 13 << 23;
const EXPONENT = 0x7f800000;
/** The least magnitude that rounds to infinity. */
const OVERFLOW = 65520;

const get = (m: Module, b: Binaryen, local: number): Ref => m.local.get(local, b.f32);

/** Locals: 0 is x, 1 the bits of its exponent, 2 the constant c. */
export const f16RoundHelper: Helper = {
  params: ['f32'],
  result: 'f32',
  locals: ['i32', 'f32'],
  body: (m, b) => {
    const exponent = () => m.local.get(1, b.i32);
    const magnitude = () => m.f32.abs(get(m, b, 0));
    const bits = m.i32.and(m.i32.reinterpret(get(m, b, 0)), m.i32.const(EXPONENT));
    const atLeast = m.select(m.i32.gt_u(exponent(), m.i32.const(MIN_NORMAL)), exponent(), m.i32.const(MIN_NORMAL));
    const rounded = m.f32.sub(m.f32.add(magnitude(), get(m, b, 2)), get(m, b, 2));
    const overflows = m.f32.ge(magnitude(), m.f32.const(OVERFLOW));
    const result = m.select(overflows, m.f32.const(Number.POSITIVE_INFINITY), rounded);
    return m.block(
      null,
      [
        m.local.set(1, bits),
        m.local.set(2, m.f32.reinterpret(m.i32.add(atLeast, m.i32.const(ROUND_UP)))),
        m.f32.copysign(result, get(m, b, 0)),
      ],
      b.f32,
    );
  },
};

/** The same from an f64, with one rounding. */
export const f16RoundF64Helper: Helper = {
  params: ['f64'],
  result: 'f32',
  locals: ['i64', 'f64'],
  body: (m, b) => {
    const x = () => m.local.get(0, b.f64);
    const exponent = () => m.local.get(1, b.i64);
    const c = () => m.local.get(2, b.f64);
    const least = () => m.i64.const(BigInt(1023 - 14) << 52n);
    const atLeast = m.select(m.i64.gt_u(exponent(), least()), exponent(), least());
    const rounded = m.f64.sub(m.f64.add(m.f64.abs(x()), c()), c());
    const overflows = m.f64.ge(m.f64.abs(x()), m.f64.const(OVERFLOW));
    const result = m.select(overflows, m.f64.const(Number.POSITIVE_INFINITY), rounded);
    return m.block(
      null,
      [
        m.local.set(1, m.i64.and(m.i64.reinterpret(x()), m.i64.const(0x7ffn << 52n))),
        m.local.set(2, m.f64.reinterpret(m.i64.add(atLeast, m.i64.const(42n << 52n)))),
        m.f32.demote(m.f64.copysign(result, x())),
      ],
      b.f32,
    );
  },
};

/** A half's bits → its value. */
export const f16ToF32Helper: Helper = {
  params: ['i32'],
  result: 'f32',
  locals: ['i32'],
  body: (m, b) => {
    const half = () => m.local.get(0, b.i32);
    const moved = m.i32.shl(m.i32.and(half(), m.i32.const(0x7fff)), m.i32.const(13));
    const finite = m.i32.reinterpret(m.f32.mul(m.f32.reinterpret(m.local.tee(1, moved, b.i32)), m.f32.const(2 ** 112)));
    const special = m.i32.or(m.local.get(1, b.i32), m.i32.const(EXPONENT));
    const isFinite = m.i32.ne(m.i32.and(half(), m.i32.const(0x7c00)), m.i32.const(0x7c00));
    const sign = m.i32.shl(m.i32.and(half(), m.i32.const(0x8000)), m.i32.const(16));
    return m.f32.reinterpret(m.i32.or(m.select(isFinite, finite, special), sign));
  },
};

/** A value that is an f16 already → its bits. */
export const f32ToF16Helper: Helper = {
  params: ['f32'],
  result: 'i32',
  locals: [],
  body: (m, b) => {
    const scaled = m.i32.reinterpret(m.f32.mul(get(m, b, 0), m.f32.const(2 ** -112)));
    const magnitude = m.i32.and(m.i32.shr_u(scaled, m.i32.const(13)), m.i32.const(0x7fff));
    const sign = m.i32.and(m.i32.shr_u(m.i32.reinterpret(get(m, b, 0)), m.i32.const(16)), m.i32.const(0x8000));
    return m.i32.or(magnitude, sign);
  },
};
