import { type DType, dtypeTable, isBigInt, isFloat } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import type { UnaryOp } from '../../../ir/scalar.ts';
import type { Ref } from './binaryen.ts';
import { type Emitter, floats, hold, intConst, ints, isSigned, roundScalar, wrapScalar } from './emitter.ts';
import { wasmType } from './value-type.ts';

/** A unary operation as ir/scalar.ts defines it. The transcendental ones are gone before: legalize-math expands them. */
export function scalarUnary(e: Emitter, op: UnaryOp, dtype: DType, x: Ref): Ref {
  if (op === 'not') return e.m.i32.eqz(x);
  return isFloat(dtype) ? floatUnary(e, op, dtype, x) : integerUnary(e, op, dtype, x);
}

function floatUnary(e: Emitter, op: UnaryOp, dtype: DType, x: Ref): Ref {
  const f = floats(e, dtype);
  switch (op) {
    case 'neg':
    case 'abs':
    case 'floor':
    case 'ceil':
      return f[op](x);
    case 'round':
      return f.nearest(x);
    case 'sqrt':
      return roundScalar(e, dtype, f.sqrt(x));
    case 'sign': {
      const held = hold(e, wasmType(dtype, 1), x);
      // Zeros keep their sign and NaN stays NaN; only what compares unequal to 0 becomes ±1.
      const unit = f.copysign(f.const(1), held.first);
      const isUnit = f.gt(f.abs(held.again()), f.const(0));
      return e.m.select(isUnit, unit, held.again());
    }
    case 'isnan': {
      const held = hold(e, wasmType(dtype, 1), x);
      return f.ne(held.first, held.again());
    }
    default:
      invariant(false, `${op} on ${dtype} reached the code generator`);
  }
}

function integerUnary(e: Emitter, op: UnaryOp, dtype: DType, x: Ref): Ref {
  const i = ints(e, dtype);
  const zero = () => intConst(e, dtype, 0);
  switch (op) {
    case 'neg':
      return wrapScalar(e, dtype, i.sub(zero(), x));
    case 'bitnot':
      return wrapScalar(e, dtype, i.xor(x, intConst(e, dtype, -1)));
    case 'floor':
    case 'ceil':
    case 'round':
      return x;
    case 'abs': {
      if (!isSigned(dtype)) return x;
      const held = hold(e, wasmType(dtype, 1), x);
      const negated = hold(e, wasmType(dtype, 1), i.sub(zero(), held.first));
      return wrapScalar(e, dtype, e.m.select(i.lt_s(held.again(), zero()), negated.first, held.again()));
    }
    case 'sign': {
      const held = hold(e, wasmType(dtype, 1), x);
      const positive = isSigned(dtype) ? i.gt_s(held.first, zero()) : i.ne(held.first, zero());
      const negative = isSigned(dtype) ? i.lt_s(held.again(), zero()) : e.m.i32.const(0);
      const sign = e.m.i32.sub(positive, negative);
      return isBigInt(dtype) ? e.m.i64.extend_s(sign) : sign;
    }
    default:
      invariant(false, `${op} on ${dtype} (${dtypeTable[dtype].kind}) reached the code generator`);
  }
}
