import { add, binary, mul, select, sub, unary } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { expOfNonPositive } from './exponential.ts';
import { type MathBuilder, polynomial, withSignOf } from './math-builder.ts';

/** (tanh x / x - 1) / x² in x², for |x| ≤ 0.625: relative error 4.5e-9 of the result; fitted for this project. */
const TANH = [
  -0.3333328068256378, 0.13331405818462372, -0.05373651534318924, 0.02062816731631756, -0.0056922961957752705,
];
/** erf x / x - 1 in x², for |x| ≤ 1: relative error 4e-8 of the result; fitted for this project. */
const ERF = [
  0.12837912142276764, -0.37612321972846985, 0.11280151456594467, -0.026710577309131622, 0.004916755482554436,
  -0.0005628342623822391,
]; // prettier-ignore
/** ln(erfc x) / x for x from 1 to 4: error 2.6e-9 in erf x; fitted for this project. */
const LOG_ERFC = [
  -1.1284905672073364, -0.6357972621917725, -0.10515959560871124, 0.02282540313899517, -0.003195093711838126,
  0.00021160420146770775,
]; // prettier-ignore

/** 1 / (1 + e^-x), at most 3 ulp off: of e^-|x|, so that small results keep their digits. */
export function sigmoid(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const e = b.name(expOfNonPositive(b, unary('neg', unary('abs', x))));
  const numerator = select(binary('lt', x, b.f32(0)), e, b.f32(1));
  return binary('div', numerator, add(b.f32(1), e));
}

/** At most 3 ulp off: a polynomial below 0.625, above it (1 - e^-2|x|) / (1 + e^-2|x|). */
export function tanh(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const size = b.name(unary('abs', x));
  const e = b.name(expOfNonPositive(b, mul(size, b.f32(-2))));
  const square = b.name(mul(size, size));
  const small = add(size, mul(mul(polynomial(b, square, TANH), square), size));
  const large = binary('div', sub(b.f32(1), e), add(b.f32(1), e));
  return withSignOf(b, select(binary('lt', size, b.f32(0.625)), small, large), x);
}

/** At most 3 ulp off: a polynomial below 1, above it 1 - e^(ln erfc |x|). */
export function erf(b: MathBuilder, operand: Expr): Expr {
  const x = b.name(operand);
  const size = b.name(binary('min', unary('abs', x), b.f32(4)));
  const square = b.name(mul(size, size));
  const small = add(size, mul(polynomial(b, square, ERF), size));
  const large = sub(b.f32(1), expOfNonPositive(b, mul(polynomial(b, size, LOG_ERFC), size)));
  return withSignOf(b, select(binary('lt', size, b.f32(1)), small, large), x);
}
