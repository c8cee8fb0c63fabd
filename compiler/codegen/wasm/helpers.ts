import type { Binaryen, Module, Ref } from './binaryen.ts';
import { f16RoundF64Helper, f16RoundHelper, f16ToF32Helper, f32ToF16Helper } from './half.ts';
import { type DivisionHelper, type DivisionOp, type Helper, type HelperName, helperFunction } from './helper.ts';
import { fmodHelper } from './remainder.ts';

/** Adds the helper to the module, unless it is there, and calls it. */
export function callHelper(
  m: Module,
  b: Binaryen,
  added: Set<HelperName>,
  name: HelperName,
  operands: readonly Ref[],
): Ref {
  const helper = helperOf(name);
  if (!added.has(name)) {
    added.add(name);
    const [params, locals] = [helper.params.map((type) => b[type]), helper.locals.map((type) => b[type])];
    m.addFunction(helperFunction(name), b.createType(params), b[helper.result], locals, helper.body(m, b));
  }
  return m.call(helperFunction(name), operands, b[helper.result]);
}

function helperOf(name: HelperName): Helper {
  switch (name) {
    case 'f16Round':
      return f16RoundHelper;
    case 'f16RoundF64':
      return f16RoundF64Helper;
    case 'f16ToF32':
      return f16ToF32Helper;
    case 'f32ToF16':
      return f32ToF16Helper;
    case 'fmod':
      return fmodHelper;
    case 'powU64':
      return unsignedPower;
    case 'powS64':
      return signedPower;
    default:
      return divisionHelper(name);
  }
}

/** Division and remainder that give 0 for a divisor of 0, and do not trap on the least integer by -1. */
function divisionHelper(name: DivisionHelper): Helper {
  const [op, kind] = name.split('.') as [DivisionOp, string];
  const type = kind.endsWith('64') ? 'i64' : 'i32';
  const signed = kind.startsWith('s');
  const body = (m: Module, b: Binaryen): Ref => {
    const i = m[type];
    const get = (local: number) => m.local.get(local, b[type]);
    const [a, divisor] = [() => get(0), () => get(1)];
    const zero = () => (type === 'i64' ? m.i64.const(0n) : m.i32.const(0));
    const one = () => (type === 'i64' ? m.i64.const(1n) : m.i32.const(1));
    const guarded = (value: Ref) => m.if(i.eqz(divisor()), zero(), value);
    if (!signed) return guarded(op === 'div' || op === 'floordiv' ? i.div_u(a(), divisor()) : i.rem_u(a(), divisor()));
    const isMinusOne = i.eq(i.add(divisor(), one()), zero());
    const quotient = () => m.if(isMinusOne, i.sub(zero(), a()), i.div_s(a(), divisor()));
    // The remainder is not 0 and has the other sign than the divisor: the quotient was rounded up.
    const rest = () => m.local.tee(2, i.rem_s(a(), divisor()), b[type]);
    const roundedUp = () => m.i32.and(i.ne(rest(), zero()), i.lt_s(i.xor(get(2), divisor()), zero()));
    switch (op) {
      case 'div':
        return guarded(quotient());
      case 'mod':
        return guarded(i.rem_s(a(), divisor()));
      case 'floordiv':
        return guarded(i.sub(quotient(), type === 'i64' ? m.i64.extend_u(roundedUp()) : roundedUp()));
      case 'floormod':
        return guarded(m.if(roundedUp(), i.add(get(2), divisor()), get(2)));
    }
  };
  return { params: [type, type], result: type, locals: [type], body };
}

function powerBody(m: Module, b: Binaryen): Ref {
  const get = (local: number) => m.local.get(local, b.i64);
  const [base, exponent, result] = [0, 1, 2] as const;
  const step = m.block(null, [
    m.if(m.i32.wrap(m.i64.and(get(exponent), m.i64.const(1n))), m.local.set(result, m.i64.mul(get(result), get(base)))),
    m.local.set(base, m.i64.mul(get(base), get(base))),
    m.local.set(exponent, m.i64.shr_u(get(exponent), m.i64.const(1n))),
    m.br_if('power', m.i32.eqz(m.i64.eqz(get(exponent)))),
  ]);
  return m.block(null, [m.local.set(result, m.i64.const(1n)), m.loop('power', step), get(result)], b.i64);
}

/** Square and multiply, modulo 2^64, with an exponent without a sign. */
const unsignedPower: Helper = { params: ['i64', 'i64'], result: 'i64', locals: ['i64'], body: powerBody };

/** Negative exponents give what C's conversion of the real result gives: 0, or ±1 for the bases ±1. */
const signedPower: Helper = {
  params: ['i64', 'i64'],
  result: 'i64',
  locals: ['i64'],
  body: (m, b) => {
    const [base, exponent] = [() => m.local.get(0, b.i64), () => m.local.get(1, b.i64)];
    const one = () => m.i64.const(1n);
    const odd = m.i32.wrap(m.i64.and(exponent(), one()));
    const isUnit = m.i64.le_u(m.i64.add(base(), one()), m.i64.const(2n));
    const unit = m.if(odd, base(), m.i64.mul(base(), base()));
    const negative = m.if(isUnit, unit, m.i64.const(0n));
    return m.if(m.i64.lt_s(exponent(), m.i64.const(0n)), negative, powerBody(m, b));
  },
};
