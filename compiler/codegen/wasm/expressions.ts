import { assertNever, invariant } from '../../../ir/errors.ts';
import { boundsOf } from '../../../ir/tensor/bounds.ts';
import type { Binary, Broadcast, Expr, Load, Select } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { walkExpr } from '../../../ir/tensor/visit.ts';
import { laneOf } from '../lanes.ts';
import type { Polynomial } from '../polynomial.ts';
import { accessOf, laneAddresses } from './access.ts';
import { emitAddress } from './addresses.ts';
import type { Ref } from './binaryen.ts';
import { elementType } from './buffers.ts';
import { constant } from './emitter.ts';
import { type KernelContext, readVariable } from './kernel-context.ts';
import { type Address, loadHalves, loadLanes, loadPairSplat, loadScalar, loadSplat, loadVector } from './memory.ts';
import { fusedProduct, relaxedMultiplyAdd } from './multiply-add.ts';
import { scalarBinary } from './scalar-binary.ts';
import { scalarBitcast, scalarCast } from './scalar-cast.ts';
import { scalarUnary } from './scalar-unary.ts';
import { DOT_LANES, LANES, wasmTypeOf } from './value-type.ts';
import { vectorBinary } from './vector-binary.ts';
import { vectorBitcast, vectorCast } from './vector-cast.ts';
import { int32Lanes, splatConst, wrapVector } from './vector-emitter.ts';
import { assembleLanes, extractLane, splat } from './vector-lanes.ts';
import { vectorUnary } from './vector-unary.ts';

/**
 * The lanes in which an expression is evaluated, as a mask in a local: those of the chosen side of a `select`, whose
 * other lanes must not load.
 */
type Mask = number | undefined;

export function emitExpr(k: KernelContext, expr: Expr, mask?: Mask): Ref {
  if (lanesOf(expr) === DOT_LANES) return emitDotOperand(k, expr);
  const isVector = wasmTypeOf(expr) === 'v128';
  switch (expr.kind) {
    case 'const':
      return constant(k, expr.dtype, expr.value);
    case 'var':
      return readVariable(k, expr.name);
    case 'load':
      return emitLoad(k, expr, mask);
    case 'unary': {
      const operand = emitExpr(k, expr.operand, mask);
      return (isVector ? vectorUnary : scalarUnary)(k, expr.op, expr.operand.dtype, operand);
    }
    case 'binary':
      return emitBinary(k, expr, mask);
    case 'dot':
      return k.m.i32x4.dot_i16x8_s(emitExpr(k, expr.left), emitExpr(k, expr.right));
    case 'select':
      return isVector ? emitVectorSelect(k, expr, mask) : emitChoice(k, expr.cond, expr, mask);
    case 'cast':
      return (isVector ? vectorCast : scalarCast)(k, expr.operand.dtype, expr.dtype, emitExpr(k, expr.operand, mask));
    case 'bitcast': {
      const operand = emitExpr(k, expr.operand, mask);
      return (isVector ? vectorBitcast : scalarBitcast)(k, expr.operand.dtype, expr.dtype, operand);
    }
    case 'ramp': {
      const base = splat(k, expr.dtype, emitExpr(k, expr.base, mask));
      return wrapVector(k, expr.dtype, k.m.i32x4.add(base, int32Lanes(k, [0, 1, 2, 3])));
    }
    case 'broadcast':
      return emitBroadcast(k, expr, mask);
    case 'extract':
      if (expr.vector.kind !== 'var') return emitExpr(k, laneOf(expr.vector, expr.lane), mask);
      return extractLane(k, expr.dtype, emitExpr(k, expr.vector, mask), expr.lane);
    default:
      return assertNever(expr);
  }
}

/** The value of a constant in all lanes, unless it is an integer that no number holds exactly. */
function constantOf(expr: Expr): number | undefined {
  const scalar = expr.kind === 'broadcast' ? expr.value : expr;
  if (scalar.kind !== 'const') return undefined;
  const value = Number(scalar.value);
  return typeof scalar.value === 'bigint' && !Number.isSafeInteger(value) ? undefined : value;
}

const known = <K extends string>(key: K, value: number | undefined): { readonly [P in K]?: number } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: number };

function emitBinary(k: KernelContext, expr: Binary, mask: Mask): Ref {
  const { op, left, right } = expr;
  const fused = k.relaxedSimd ? fusedProduct(expr) : undefined;
  if (fused !== undefined) {
    const operands = [fused.product.left, fused.product.right, fused.addend] as const;
    const [a, b, c] = operands.map((operand) => emitExpr(k, operand, mask)) as [Ref, Ref, Ref];
    return relaxedMultiplyAdd(k.b, k.m, fused.negated, [a, b, c]);
  }
  const [a, b] = [emitExpr(k, left, mask), emitExpr(k, right, mask)];
  const divisor = constantOf(right);
  if (lanesOf(left) > 1) {
    return vectorBinary(k, op, left.dtype, a, b, { ...known('left', constantOf(left)), ...known('right', divisor) });
  }
  const dividend =
    divisor !== undefined && left.dtype === 'i32' ? { dividend: boundsOf(left, k.variables.ranges) } : {};
  return scalarBinary(k, op, left.dtype, a, b, { ...known('divisor', divisor), ...dividend });
}

function hasLoad(expr: Expr): boolean {
  let found = false;
  walkExpr(expr, (node) => {
    if (node.kind === 'load') found = true;
    return !found;
  });
  return found;
}

/** One of two values by a scalar condition. A side that loads is evaluated only where it is chosen. */
function emitChoice(k: KernelContext, condition: Expr, expr: Select, mask: Mask): Ref {
  const cond = emitExpr(k, condition, mask);
  const [then, otherwise] = [emitExpr(k, expr.then, mask), emitExpr(k, expr.else, mask)];
  return hasLoad(expr.then) || hasLoad(expr.else) ? k.m.if(cond, then, otherwise) : k.m.select(cond, then, otherwise);
}

function emitVectorSelect(k: KernelContext, expr: Select, mask: Mask): Ref {
  if (expr.cond.kind === 'broadcast') return emitChoice(k, expr.cond.value, expr, mask);
  const { v128 } = k.m;
  const cond = emitExpr(k, expr.cond, mask);
  const [thenLoads, elseLoads] = [hasLoad(expr.then), hasLoad(expr.else)];
  if (!thenLoads && !elseLoads) return v128.bitselect(emitExpr(k, expr.then), emitExpr(k, expr.else), cond);
  const chosen = k.newLocal('v128');
  const read = () => k.m.local.get(chosen, k.b.v128);
  const setUp = [k.m.local.set(chosen, cond)];
  const within = (lanes: Ref): number => {
    const local = k.newLocal('v128');
    setUp.push(k.m.local.set(local, mask === undefined ? lanes : v128.and(lanes, k.m.local.get(mask, k.b.v128))));
    return local;
  };
  const then = emitExpr(k, expr.then, thenLoads ? within(read()) : undefined);
  const otherwise = emitExpr(k, expr.else, elseLoads ? within(v128.not(read())) : undefined);
  return k.m.block(null, [...setUp, v128.bitselect(then, otherwise, read())], k.b.v128);
}

function emitBroadcast(k: KernelContext, expr: Broadcast, mask: Mask): Ref {
  const { value } = expr;
  invariant(expr.lanes === LANES, `${k.func.name}: a broadcast to ${expr.lanes} lanes reached code generation`);
  if (value.kind === 'const') return splatConst(k, value.dtype, value.value);
  if (value.kind === 'load' && mask === undefined) {
    const access = accessOfLoad(k, value);
    if (access.kind === 'scalar') return loadSplat(k, value.dtype, addressOf(k, access.address));
  }
  return splat(k, value.dtype, emitExpr(k, value, mask));
}

/**
 * An operand of `dot`: eight neighbours, or two again and again, of a dtype whose values are all of i16. They are widened
 * where they are loaded.
 */
function emitDotOperand(k: KernelContext, expr: Expr): Ref {
  if (expr.kind === 'var') return readVariable(k, expr.name);
  const wide = expr.kind === 'cast' ? expr.operand : expr;
  const loaded = wide.kind === 'broadcast' ? wide.value : wide;
  invariant(loaded.kind === 'load', `${k.func.name}: an operand of dot that is no load reached code generation`);
  const access = accessOfLoad(k, loaded);
  invariant(access.kind === 'contiguous', `${k.func.name}: an operand of dot is no neighbours of ${loaded.buffer}`);
  return (wide === loaded ? loadHalves : loadPairSplat)(k, loaded.dtype, addressOf(k, access.address));
}

export const addressOf = (k: KernelContext, address: Polynomial): Address =>
  emitAddress(
    { emitter: k, variables: k.variables, plan: k.plan, scopes: k.scopes, emitIndex: (expr) => emitExpr(k, expr) },
    address,
  );

const accessOfLoad = (k: KernelContext, { buffer, indices }: Load) =>
  accessOf(buffer, elementType(k.types, buffer), indices, k.variables.polynomials);

function emitLoad(k: KernelContext, expr: Load, mask: Mask): Ref {
  const access = accessOfLoad(k, expr);
  const { dtype } = expr;
  if (access.kind === 'scalar') {
    const value = loadScalar(k, dtype, addressOf(k, access.address));
    if (mask === undefined) return value;
    const isActive = k.m.v128.any_true(k.m.local.get(mask, k.b.v128));
    return k.m.if(isActive, value, constant(k, dtype, 0));
  }
  const whole = () => {
    if (access.kind !== 'lanes') return loadVector(k, dtype, addressOf(k, access.address));
    const addresses = access.addresses.map((address) => addressOf(k, address));
    return (
      loadLanes(k, dtype, addresses) ??
      assembleLanes(
        k,
        dtype,
        addresses.map((at) => loadScalar(k, dtype, at)),
      )
    );
  };
  if (mask === undefined) return whole();
  const active = () => k.m.local.get(mask, k.b.v128);
  const lanes = laneAddresses(access, dtype).map((address, lane) => {
    const value = loadScalar(k, dtype, addressOf(k, address));
    return k.m.if(extractLane(k, 'bool', active(), lane), value, constant(k, dtype, 0));
  });
  return k.m.if(k.m.i32x4.all_true(active()), whole(), assembleLanes(k, dtype, lanes));
}
