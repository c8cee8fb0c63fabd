import type { Binary, Expr } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import type { Binaryen, Module, Ref } from './binaryen.ts';

/** `addend + product`, or `addend - product` where it is negated. */
export interface FusedProduct {
  readonly product: Binary;
  readonly addend: Expr;
  readonly negated: boolean;
}

const isProduct = (expr: Expr): expr is Binary => expr.kind === 'binary' && expr.op === 'mul';

/** A sum or difference of f32 vectors with a product in it, which relaxed SIMD computes in one instruction. */
export function fusedProduct(expr: Expr): FusedProduct | undefined {
  if (expr.kind !== 'binary' || expr.dtype !== 'f32' || lanesOf(expr) === 1) return undefined;
  const { op, left, right } = expr;
  if ((op === 'add' || op === 'sub') && isProduct(right))
    return { product: right, addend: left, negated: op === 'sub' };
  return op === 'add' && isProduct(left) ? { product: left, addend: right, negated: false } : undefined;
}

/** What binaryen exports for the instructions that its builder has no method for. */
interface RelaxedSimd {
  readonly RelaxedMaddVecF32x4: number;
  readonly RelaxedNmaddVecF32x4: number;
  readonly _BinaryenSIMDTernary: (module: number, op: number, a: Ref, b: Ref, c: Ref) => Ref;
}

/** c + a·b, or c - a·b, rounded once or twice as the processor does it faster. */
export function relaxedMultiplyAdd(b: Binaryen, m: Module, negated: boolean, [a, factor, c]: [Ref, Ref, Ref]): Ref {
  const raw = b as unknown as RelaxedSimd;
  const op = negated ? raw.RelaxedNmaddVecF32x4 : raw.RelaxedMaddVecF32x4;
  return raw._BinaryenSIMDTernary((m as unknown as { readonly ptr: number }).ptr, op, a, factor, c);
}
