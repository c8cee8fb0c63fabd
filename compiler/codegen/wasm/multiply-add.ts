import type { Assign, Binary } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { productOf } from '../../tensor-passes/product-rows.ts';
import type { Binaryen, Module, Ref } from './binaryen.ts';

/** The product of f32 vectors that an assignment adds to its own register, `c := c + a * b`. */
export function accumulatedProduct(stmt: Assign): Binary | undefined {
  const product = productOf(stmt);
  return product?.dtype === 'f32' && lanesOf(product) > 1 ? product : undefined;
}

/** What binaryen exports for the instructions that its builder has no method for. */
interface RelaxedSimd {
  readonly RelaxedMaddVecF32x4: number;
  readonly _BinaryenSIMDTernary: (module: number, op: number, a: Ref, b: Ref, c: Ref) => Ref;
}

/** a·b + c, rounded once or twice as the processor does it faster. */
export function relaxedMultiplyAdd(b: Binaryen, m: Module, a: Ref, factor: Ref, c: Ref): Ref {
  const raw = b as unknown as RelaxedSimd;
  return raw._BinaryenSIMDTernary(
    (m as unknown as { readonly ptr: number }).ptr,
    raw.RelaxedMaddVecF32x4,
    a,
    factor,
    c,
  );
}
