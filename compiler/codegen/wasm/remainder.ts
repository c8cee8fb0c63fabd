import type { Binaryen, Module, Ref } from './binaryen.ts';
import type { Helper } from './helper.ts';

/**
 * The exact remainder of C's fmod, by long division in floating point: take from |x| the greatest |y|·2^k that fits,
 * until |x| < |y|. Each such product and difference is exact.
 */
export const fmodHelper: Helper = {
  params: ['f64', 'f64'],
  result: 'f64',
  locals: ['f64', 'f64', 'f64', 'i64', 'i64', 'i64'],
  body: (m, b) => {
    const f = (local: number) => m.local.get(local, b.f64);
    const [x, y, rest, divisor] = [0, 1, 2, 3] as const;
    const begin = [m.local.set(rest, m.f64.abs(f(x))), m.local.set(divisor, m.f64.abs(f(y)))];
    const fits = m.f64.ge(f(rest), f(divisor));
    const loop = m.loop('reduce', m.if(fits, m.block(null, [...subtractMultiple(m, b), m.br('reduce')])));
    const isDefined = m.i32.and(
      m.f64.lt(m.f64.abs(f(x)), m.f64.const(Number.POSITIVE_INFINITY)),
      m.f64.gt(m.f64.abs(f(y)), m.f64.const(0)),
    );
    const result = m.block(null, [...begin, loop, m.f64.copysign(f(rest), f(x))], b.f64);
    return m.if(isDefined, result, m.f64.const(Number.NaN));
  },
};

/** rest -= divisor · 2^k. Locals: 2 rest, 3 divisor, 4 the multiple, 5 k, 6 the part of k that is applied at a time. */
function subtractMultiple(m: Module, b: Binaryen): readonly Ref[] {
  const f = (local: number) => m.local.get(local, b.f64);
  const k = () => m.local.get(5, b.i64);
  const part = () => m.local.get(6, b.i64);
  const limit = () => m.i64.const(1000n);
  const power = m.f64.reinterpret(m.i64.shl(m.i64.add(part(), m.i64.const(1023n)), m.i64.const(52n)));
  const scale = m.loop(
    'scale',
    m.block(null, [
      m.local.set(6, m.select(m.i64.lt_s(k(), limit()), k(), limit())),
      m.local.set(4, m.f64.mul(f(4), power)),
      m.local.set(5, m.i64.sub(k(), part())),
      m.br_if('scale', m.i64.gt_s(k(), m.i64.const(0n))),
    ]),
  );
  return [
    m.local.set(5, m.i64.sub(exponent(m, b, 2), exponent(m, b, 3))),
    m.local.set(4, f(3)),
    scale,
    m.if(m.f64.gt(f(4), f(2)), m.local.set(4, m.f64.mul(f(4), m.f64.const(0.5)))),
    m.local.set(2, m.f64.sub(f(2), f(4))),
  ];
}

/** The exponent of a positive finite number, biased; of a subnormal, as if its exponent had no end. */
function exponent(m: Module, b: Binaryen, local: number): Ref {
  const bits = () => m.i64.reinterpret(m.local.get(local, b.f64));
  const field = () => m.i64.shr_u(bits(), m.i64.const(52n));
  return m.if(m.i32.eqz(m.i64.eqz(field())), field(), m.i64.sub(m.i64.const(12n), m.i64.clz(bits())));
}
