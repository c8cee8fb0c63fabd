import { type DType, isFloat } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import type { UnaryOp } from '../../../ir/scalar.ts';
import type { Ref } from './binaryen.ts';
import { hold, isSigned } from './emitter.ts';
import { float32Splat, int32Splat, roundVector, type VectorEmitter, wrapVector } from './vector-emitter.ts';

/** A unary operation on the lanes of a vector, as scalar-unary.ts does it on a scalar. */
export function vectorUnary(e: VectorEmitter, op: UnaryOp, dtype: DType, x: Ref): Ref {
  if (op === 'not') return e.m.v128.not(x);
  return isFloat(dtype) ? floatUnary(e, op, dtype, x) : integerUnary(e, op, dtype, x);
}

function floatUnary(e: VectorEmitter, op: UnaryOp, dtype: DType, x: Ref): Ref {
  const { f32x4, v128 } = e.m;
  switch (op) {
    case 'neg':
    case 'abs':
    case 'floor':
    case 'ceil':
      return f32x4[op](x);
    case 'round':
      return f32x4.nearest(x);
    case 'sqrt':
      return roundVector(e, dtype, f32x4.sqrt(x));
    case 'sign': {
      const held = hold(e, 'v128', x);
      const isUnit = f32x4.gt(f32x4.abs(held.first), float32Splat(e, 0));
      const mask = hold(e, 'v128', isUnit);
      const sign = v128.and(held.again(), int32Splat(e, -0x80000000));
      const unit = v128.and(mask.first, v128.or(sign, float32Splat(e, 1)));
      return v128.or(unit, v128.andnot(held.again(), mask.again()));
    }
    case 'isnan': {
      const held = hold(e, 'v128', x);
      return f32x4.ne(held.first, held.again());
    }
    default:
      invariant(false, `${op} on ${dtype}x4 reached the code generator`);
  }
}

function integerUnary(e: VectorEmitter, op: UnaryOp, dtype: DType, x: Ref): Ref {
  const { i32x4, v128 } = e.m;
  switch (op) {
    case 'neg':
      return wrapVector(e, dtype, i32x4.neg(x));
    case 'bitnot':
      return wrapVector(e, dtype, v128.not(x));
    case 'floor':
    case 'ceil':
    case 'round':
      return x;
    case 'abs':
      return isSigned(dtype) ? wrapVector(e, dtype, i32x4.abs(x)) : x;
    case 'sign':
      // Of every number that is not 0, ±1 is the nearer to 0.
      return isSigned(dtype)
        ? i32x4.max_s(i32x4.min_s(x, int32Splat(e, 1)), int32Splat(e, -1))
        : i32x4.min_u(x, int32Splat(e, 1));
    default:
      invariant(false, `${op} on ${dtype}x4 reached the code generator`);
  }
}
