import { assertNever } from '../../ir/errors.ts';
import { type Interval, proves } from '../../ir/tensor/bounds.ts';
import { add, and, binary, bool, int, seq, sub, variable } from '../../ir/tensor/build.ts';
import { linearOf } from '../../ir/tensor/linear.ts';
import { simplify } from '../../ir/tensor/simplify.ts';
import type { Expr, For, If, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { isThreadAxis } from '../../ir/tensor/typing.ts';
import { mapChildren, substitute, update } from '../../ir/tensor/visit.ts';
import { loopRange } from './accesses.ts';
import { type Copier, createCopier } from './copies.ts';
import {
  collectGuards,
  conjuncts,
  dropTests,
  firstIterations,
  type Requirement,
  requirementHolds,
  requirementOn,
} from './guards.ts';
import { linearBounds } from './linear-parts.ts';
import { partAnnotations } from './parallel-range.ts';

/**
 * Splits loops where an `if` inside depends on the loop's variable, so that the main part runs without the test and
 * the rest is a loop (or a single iteration, in which the conditions of the inner loops become decidable) of its own.
 *
 *   for i in 4 { for j in 3 unrolled { if i*3 + j < 11 { S } } }
 *   for i in 3 { for j in 3 unrolled { S } }  for j in 2 unrolled { S with i = 3 }
 *
 * A test that depends on loops outside as well splits a loop where it is decided for all their values: two levels of tiles
 * become the full blocks, the full tiles after them, and one lower tile. A test that a loop does not change goes out of
 * it: one version of the loop without the test, one with it. A copied loop gets local buffers of its own. The split of the iteration space is index-set splitting (Banerjee).
 */
export function partitionLoops(func: TensorFunc): TensorFunc {
  const copier = createCopier(func);
  const sizes = new Map(func.sizes.map((name) => [name, { min: 0, max: Number.POSITIVE_INFINITY }]));
  const body = partition(func.body, { copier, sizes: new Set(func.sizes), ranges: sizes, rest: false });
  return update(func, { temps: copier.temps(), body });
}

interface Context {
  readonly copier: Copier;
  readonly sizes: ReadonlySet<string>;
  /** What is known of the variables in scope. */
  readonly ranges: ReadonlyMap<string, Interval>;
  /** In the rest of a split with symbolic bounds, where tests stay: versions of it are not worth their bytes. */
  readonly rest: boolean;
}

function partition(stmt: Stmt, context: Context): Stmt {
  switch (stmt.kind) {
    case 'for':
      return partitionFor(stmt, context);
    case 'if':
      return decide(stmt, context);
    case 'seq':
    case 'let':
    case 'block':
      return descend(stmt, context);
    case 'store':
    case 'assign':
      return stmt;
    default:
      return assertNever(stmt);
  }
}

function descend(stmt: Stmt, context: Context): Stmt {
  if (stmt.kind === 'seq') return seq(stmt.stmts.map((child) => partition(child, context)));
  return mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => partition(child, context) });
}

function decide(stmt: If, context: Context): Stmt {
  const open: Expr[] = [];
  for (const part of conjuncts(stmt.cond)) {
    const known = proves(part, context.ranges);
    if (known === false) return stmt.else === undefined ? seq([]) : partition(stmt.else, context);
    if (known === undefined) open.push(part);
  }
  if (open.length === 0) return partition(stmt.then, context);
  const cond = open.length === conjuncts(stmt.cond).length ? stmt.cond : open.reduce(and);
  return descend(update(stmt, { cond }), context);
}

function partitionFor(loop: For, context: Context): Stmt {
  const extent = loop.extent.kind === 'const' ? Number(loop.extent.value) : undefined;
  if (extent !== undefined && extent <= 0) return seq([]);
  if (extent === 1) {
    const once = partition(substitute(loop.body, new Map([[loop.loopVar, int(0)]])), context);
    return loop.annotations === undefined || isEmpty(once) ? once : update(loop, { body: once });
  }
  // All workgroups, and all invocations of one, run the same code.
  if (isThreadAxis(loop.loopKind)) return inside(loop, loop.body, context);
  const guards = collectGuards(loop.body);
  const requirements = guards.flatMap((guard) => requirementOn(guard, loop.loopVar) ?? []);
  const dependent = requirements.filter((requirement) => requirement.coefficient !== 0);
  if (extent !== undefined && dependent.length > 0) {
    const decided = dependent.flatMap((requirement) => decidedPart(requirement, extent, context) ?? []);
    const part = staticPart(decided, extent, loop.loopKind === 'vectorized');
    if (part !== undefined) return splitStatic(loop, extent, part, context);
    const isShort = loop.loopKind === 'unrolled' || (loop.loopKind === 'vectorized' && extent <= 16);
    if (isShort) return expand(loop, extent, context);
  }
  if (loop.loopKind === 'serial' || loop.loopKind === 'parallel') {
    // What is known and holds in no iteration is no split: the tests inside are decided.
    const open = dependent.filter(({ outer }) => extent === undefined || outer.terms.size > 0);
    const symbolic = open.filter((requirement) => isSymbolic(requirement, context.sizes));
    if (symbolic.length > 0) return splitSymbolic(loop, symbolic, context);
    const invariant = requirements.filter((requirement) => requirement.coefficient === 0);
    const versions = invariant.filter((requirement) => mayHold(requirement, loop, context));
    if (loop.loopKind === 'serial' && !context.rest && versions.length > 0) return version(loop, versions, context);
  }
  return inside(loop, loop.body, context);
}

const isEmpty = (stmt: Stmt): boolean => stmt.kind === 'seq' && stmt.stmts.length === 0;

/** The loop with its body partitioned; nothing, where the tests hold in no iteration. */
function inside(loop: For, body: Stmt, context: Context): Stmt {
  const ranges = new Map(context.ranges).set(loop.loopVar, loopRange(loop.extent));
  const inner = partition(body, { ...context, ranges });
  return isEmpty(inner) ? inner : update(loop, { body: inner });
}

/** Every iteration on its own, the variable a constant. */
function expand(loop: For, extent: number, context: Context): Stmt {
  if (isEmpty(inside(loop, loop.body, context))) return seq([]);
  const iterations = Array.from({ length: extent }, (_, at) => {
    const value = new Map([[loop.loopVar, int(at)]]);
    return at === 0 ? substitute(loop.body, value) : context.copier.copyInside(loop.body, value);
  });
  return seq(iterations.map((iteration) => partition(iteration, context)));
}

/** A part of a loop's iterations. */
interface Part {
  readonly from: number;
  readonly to: number;
}

interface DecidedPart extends Part {
  readonly source: Expr;
}

/** Where a requirement holds; undefined where that is not the same for all values of the variables outside. */
function decidedPart(
  { source, coefficient, outer }: Requirement,
  extent: number,
  { ranges }: Context,
): DecidedPart | undefined {
  const { min, max } = linearBounds(outer, ranges);
  const [always, ever] = [iterations(coefficient, max, extent), iterations(coefficient, min, extent)];
  return always.from === ever.from && always.to === ever.to ? { ...always, source } : undefined;
}

/** The iterations in which `coefficient · v + constant ≤ 0`. */
const iterations = (coefficient: number, constant: number, extent: number): Part =>
  coefficient < 0
    ? { from: Math.max(0, Math.ceil(constant / -coefficient)), to: extent }
    : { from: 0, to: Math.min(extent, Math.floor(-constant / coefficient) + 1) };

interface StaticPart extends Part {
  readonly holding: ReadonlySet<Expr>;
}

/** The iterations in which as many requirements as possible hold, if there are any and at least one requirement does. */
function staticPart(parts: readonly DecidedPart[], extent: number, vectorized: boolean): StaticPart | undefined {
  let [from, to] = [0, extent];
  const holding = new Set<Expr>();
  for (const part of parts) {
    const [low, high] = [Math.max(from, part.from), Math.min(to, part.to)];
    const width = vectorized ? 4 : 1;
    if (high - low < width) continue;
    [from, to] = [low, vectorized ? low + Math.floor((high - low) / width) * width : high];
    holding.add(part.source);
  }
  return holding.size === 0 ? undefined : { from, to, holding };
}

function splitStatic(loop: For, extent: number, { from, to, holding }: StaticPart, context: Context): Stmt {
  const main = dropTests(loop.body, holding);
  if (from === 0 && to === extent) return partitionFor(update(loop, { body: main }), context);
  const piece = (start: number, end: number): readonly Stmt[] => {
    if (start >= end) return [];
    const copy = context.copier.copyLoop(loop);
    const rest: For = loop.loopKind === 'vectorized' ? { ...copy, loopKind: 'unrolled' } : copy;
    return [partition(slice(rest, start, end), context)];
  };
  const before = piece(0, from);
  const middle = partition(slice(update(loop, { body: main }), from, to), context);
  return seq([...before, middle, ...piece(to, extent)]);
}

/** The loop over a part of its range only; a parallel one says of what it is a part, since threads share the whole. */
function slice(loop: For, from: number, to: number): For {
  const annotations = loop.loopKind === 'parallel' ? partAnnotations(loop, from) : undefined;
  const shifted = from === 0 ? variable(loop.loopVar) : add(variable(loop.loopVar), int(from));
  const body = from === 0 ? loop.body : substitute(loop.body, new Map([[loop.loopVar, shifted]]));
  return { ...loop, extent: int(to - from), ...(annotations && { annotations }), body };
}

const isSymbolic = ({ coefficient, outer }: Requirement, sizes: ReadonlySet<string>): boolean =>
  coefficient > 0 && [...outer.terms.values()].every(({ atom }) => atom.kind === 'var' && sizes.has(atom.name));

/** A split whose place is known only at run time. */
function splitSymbolic(loop: For, requirements: readonly Requirement[], context: Context): Stmt {
  const fits = requirements.map(firstIterations).reduce((a, b) => binary('min', a, b), loop.extent);
  const count = simplify(binary('max', int(0), fits), context.ranges);
  const main = dropTests(loop.body, new Set(requirements.map((requirement) => requirement.source)));
  const name = context.copier.fresh(`${loop.loopVar}_main`);
  const copy = context.copier.copyLoop(loop);
  const shifted = new Map([[copy.loopVar, add(variable(copy.loopVar), variable(name))]]);
  const rest: For = { ...copy, extent: sub(loop.extent, variable(name)), body: substitute(copy.body, shifted) };
  const first = inside(update(loop, { extent: variable(name) }), main, context);
  const second = inside(rest, rest.body, { ...context, rest: true });
  return { kind: 'let', name, mutable: false, value: count, body: seq([first, second]) };
}

/** Whether it is known outside of the loop, and not before: what never holds there is worth no version. */
function mayHold(requirement: Requirement, loop: For, { ranges }: Context): boolean {
  const atoms = [...requirement.outer.terms.values()].map(({ atom }) => atom);
  const isOutside = atoms.every((atom) => linearVars(atom).every((name) => name !== loop.loopVar && ranges.has(name)));
  return atoms.length > 0 && isOutside && proves(requirementHolds(requirement), ranges) !== false;
}

function linearVars(expr: Expr): readonly string[] {
  return [...linearOf(expr).terms.values()].flatMap(({ atom }) => (atom.kind === 'var' ? [atom.name] : ['']));
}

/** The loop once without the tests, and once with them for where they do not all hold. */
function version(loop: For, requirements: readonly Requirement[], context: Context): Stmt {
  const cond = requirements.map(requirementHolds).reduce(and, bool(true));
  const known = new Set(requirements.map((requirement) => requirement.source));
  const copy = context.copier.copyLoop(loop);
  const main = partition(update(loop, { body: dropTests(loop.body, known) }), context);
  const rest = partition(copy, { ...context, rest: true });
  return { kind: 'if', cond: simplify(cond, context.ranges), then: main, else: rest };
}
