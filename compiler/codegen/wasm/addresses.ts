import { invariant } from '../../../ir/errors.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { type Monomial, monomialKey, type Polynomial, variablePart } from '../polynomial.ts';
import { depthOfMonomial, type Variables } from '../variables.ts';
import type { AddressPlan } from './address-plan.ts';
import type { Ref } from './binaryen.ts';
import type { Emitter } from './emitter.ts';
import type { Address } from './memory.ts';
import type { Scope } from './scope.ts';

/**
 * Forms addresses by strength reduction: the part of an address that is linear in a loop's variable is a pointer, set
 * before the loop from what the enclosing scopes hold and moved at the end of each round. So the innermost loop does no
 * arithmetic but that, and accesses whose addresses differ by a constant share a pointer.
 */
export interface AddressContext {
  readonly emitter: Emitter;
  readonly variables: Variables;
  readonly plan: AddressPlan;
  /** The open scopes, by depth. */
  readonly scopes: readonly Scope[];
  readonly emitIndex: (expr: Expr) => Ref;
}

interface Sum {
  readonly constant: number;
  readonly monomials: readonly Monomial[];
}

export function emitAddress(context: AddressContext, { constant, monomials }: Polynomial): Address {
  const { emitter: e, plan, variables } = context;
  const stream = plan.streams.get(variablePart({ constant, monomials })) ?? { bias: 0, hasImmediate: false };
  const depths = [...monomials.values()].map((one) => [one, depthOfMonomial(one, variables.depths)] as const);
  const stable = depths.filter(([, depth]) => Number.isFinite(depth)).map(([one]) => one);
  const varying = depths.filter(([, depth]) => !Number.isFinite(depth)).map(([one]) => one);
  const rest = constant - stream.bias;
  const hasImmediate = stream.hasImmediate && rest >= 0;
  const start = resolve(context, { constant: stream.bias, monomials: stable });
  const pointer = varying.reduce((sum, one) => e.m.i32.add(sum, product(context, one)), start);
  if (hasImmediate || rest === 0) return { pointer, offset: rest };
  return { pointer: e.m.i32.add(pointer, e.m.i32.const(rest)), offset: 0 };
}

/** The value of a sum of products, at any place in the innermost open scope. */
function resolve(context: AddressContext, sum: Sum): Ref {
  const { emitter: e, scopes, variables } = context;
  if (sum.monomials.length === 0) return e.m.i32.const(sum.constant);
  const depth = Math.max(...sum.monomials.map((one) => depthOfMonomial(one, variables.depths)));
  const scope = scopes[depth];
  invariant(scope !== undefined, `an address depends on a scope that is not open`);
  const own = sum.monomials.filter((one) => depthOfMonomial(one, variables.depths) === depth);
  const outer = sum.monomials.filter((one) => depthOfMonomial(one, variables.depths) < depth);
  if (scope.kind !== 'loop') return headLocal(context, scope, sum, own, { ...sum, monomials: outer });
  const linear = own.filter((one) => isLinear(one, scope.name));
  const other = own.filter((one) => !isLinear(one, scope.name));
  const moving = { constant: sum.constant, monomials: [...outer, ...linear] };
  if (other.length > 0) return headLocal(context, scope, sum, other, moving);
  return pointer(context, scope, moving, linear, outer);
}

/** A local that is set where the scope begins, to `base` and the sum of `own`. */
function headLocal(context: AddressContext, scope: Scope, sum: Sum, own: readonly Monomial[], base: Sum): Ref {
  const { emitter: e } = context;
  const [first] = own;
  const isVariable = own.length === 1 && first?.coefficient === 1 && first.atoms.length === 1;
  // A parameter or a let that stands alone is in a local already.
  if (isVariable && base.monomials.length === 0 && base.constant === 0) return product(context, first);
  const key = sumKey(sum);
  let local = scope.locals.get(key);
  if (local === undefined) {
    local = e.newLocal('i32');
    scope.locals.set(key, local);
    const terms = own.map((one) => product(context, one));
    const isZero = base.monomials.length === 0 && base.constant === 0;
    const value = (isZero ? terms : [resolve(context, base), ...terms]).reduce((a, b) => e.m.i32.add(a, b));
    scope.head.push(e.m.local.set(local, value));
  }
  return e.m.local.get(local, e.b.i32);
}

/** A local that moves with a loop, or in a crowded loop the sum of one that does not and the offset that all share. */
function pointer(
  context: AddressContext,
  loop: Scope,
  sum: Sum,
  linear: readonly Monomial[],
  outer: readonly Monomial[],
): Ref {
  const { emitter: e, plan } = context;
  const start = { constant: sum.constant, monomials: outer };
  if (plan.crowded.has(loop.name) && outer.length > 0) {
    const offset = pointer(context, loop, { constant: 0, monomials: linear }, linear, []);
    return e.m.i32.add(resolve(context, start), offset);
  }
  const key = sumKey(sum);
  let local = loop.locals.get(key);
  if (local === undefined) {
    local = e.newLocal('i32');
    loop.locals.set(key, local);
    const base = resolve(context, { ...start, constant: outer.length === 0 ? start.constant : 0 });
    const isBiased = outer.length > 0 && start.constant !== 0;
    loop.before.push(e.m.local.set(local, isBiased ? e.m.i32.add(base, e.m.i32.const(start.constant)) : base));
    loop.steps.push(stepOf(context, loop, local, linear));
  }
  return e.m.local.get(local, e.b.i32);
}

function stepOf(
  context: AddressContext,
  loop: Scope,
  local: number,
  linear: readonly Monomial[],
): Scope['steps'][number] {
  const { emitter: e } = context;
  const slopes = linear.map(({ coefficient, atoms }) => ({
    coefficient,
    atoms: atoms.filter((atom) => !atom.vars.has(loop.name)),
  }));
  if (slopes.every(({ atoms }) => atoms.length === 0)) {
    const bytes = slopes.reduce((total, { coefficient }) => total + coefficient, 0);
    return { local, bytes, by: () => e.m.i32.const(bytes) };
  }
  const constant = slopes.filter(({ atoms }) => atoms.length === 0).reduce((total, one) => total + one.coefficient, 0);
  const slope = e.newLocal('i32');
  const monomials = slopes.filter(({ atoms }) => atoms.length > 0);
  loop.before.push(e.m.local.set(slope, resolve(context, { constant, monomials })));
  return { local, bytes: undefined, by: () => e.m.local.get(slope, e.b.i32) };
}

/** Whether the product is the loop's variable times what does not change in the loop. */
function isLinear({ atoms }: Monomial, loopVar: string): boolean {
  const dependent = atoms.filter((atom) => atom.vars.has(loopVar));
  return dependent.length === 1 && dependent[0]?.expr.kind === 'var';
}

function product(context: AddressContext, { coefficient, atoms }: Monomial): Ref {
  const { m } = context.emitter;
  const factors = atoms.map((atom) => context.emitIndex(atom.expr));
  const value = factors.reduce((a, b) => m.i32.mul(a, b));
  return coefficient === 1 ? value : m.i32.mul(value, m.i32.const(coefficient));
}

const sumKey = ({ constant, monomials }: Sum): string =>
  `${constant} + ${variablePart({ constant, monomials: new Map(monomials.map((one) => [monomialKey(one.atoms), one])) })}`;
