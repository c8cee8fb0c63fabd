import { ScheduleError } from '../../../ir/errors.ts';
import type { Expr, For, If, Scope, Stmt, TensorFunc, ThreadAxis } from '../../../ir/tensor/tensor-func.ts';
import { isThreadAxis } from '../../../ir/tensor/typing.ts';
import { walkExpr } from '../../../ir/tensor/visit.ts';
import { gridOf } from './grid.ts';
import { type Reduction, reductionOf } from './subgroup-reduction.ts';

/** The memory whose accesses a barrier orders. */
export type BarrierKind = 'workgroup' | 'storage';

/** What the invocations of a workgroup have to do so that what one of them writes, others can read. */
export interface Barriers {
  /** Before which statements all invocations wait for one another. */
  readonly before: ReadonlyMap<Stmt, ReadonlySet<BarrierKind>>;
  /** Of stores that all invocations along some axes would do alike: these axes. The first one alone does them. */
  readonly alike: ReadonlyMap<Stmt, readonly InvocationAxis[]>;
  /** Loops that all invocations come to and would run alike, and that subgroups share instead, if there are any. */
  readonly reductions: ReadonlyMap<For, Reduction>;
}

export type InvocationAxis = Extract<ThreadAxis, `invocation.${string}`>;

interface Access {
  readonly buffer: string;
  readonly kind: BarrierKind;
  readonly isWrite: boolean;
  /** The innermost loop over invocations around it. */
  readonly nest: For | undefined;
  /** The axes along which only the first invocation does it. */
  readonly first: string;
  /** Whether each invocation has an element of its own, as far as other accesses in the nest say the same. */
  readonly isOwn: boolean;
}

/** What is known at a place. */
interface Place {
  readonly nest: For | undefined;
  /** The variable of the innermost loop over each axis. */
  readonly variables: ReadonlyMap<InvocationAxis, string>;
  /** Of other variables, those over invocations that they depend on; of what is loaded, all. */
  readonly depends: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Places barriers in a kernel in flat form: where an element may be read after another invocation wrote it, or written
 * after another one read it, also in the next iteration of a loop. Accesses in one loop over invocations are of elements
 * that each has for itself, which is what makes the loop one over invocations. Throws ScheduleError where a barrier would
 * be under a condition that not all invocations share, or in a loop that they do not run equally often.
 */
export function placeBarriers(func: TensorFunc, hasSubgroups = false): Barriers {
  const before = new Map<Stmt, Set<BarrierKind>>();
  const alike = new Map<Stmt, readonly InvocationAxis[]>();
  const reductions = new Map<For, Reduction>();
  const scopes = new Map<string, Scope>(
    [...func.inputs, ...func.outputs, ...func.temps].map(({ name, scope }) => [name, scope]),
  );
  const { workgroupSize } = gridOf(func);
  const sizes = new Map<InvocationAxis, number>(
    (['invocation.x', 'invocation.y', 'invocation.z'] as const).map((axis, i) => [axis, workgroupSize[i] ?? 1]),
  );
  const used = [...sizes].flatMap(([axis, size]) => (size > 1 ? [axis] : []));
  if (used.length === 0) return { before, alike, reductions };

  const dependsOn = (expr: Expr, { depends, variables }: Place): ReadonlySet<string> => {
    const names = new Set<string>();
    walkExpr(expr, (node) => {
      if (node.kind === 'load') for (const name of variables.values()) names.add(name);
      if (node.kind === 'var') for (const name of depends.get(node.name) ?? []) names.add(name);
    });
    return names;
  };

  function axesAlike(stmt: Stmt, place: Place): readonly InvocationAxis[] {
    if (stmt.kind !== 'store') return [];
    const moving = new Set(stmt.indices.flatMap((index) => [...dependsOn(index, place)]));
    return used.filter((axis) => !moving.has(place.variables.get(axis) ?? ''));
  }

  /** The accesses of a statement without what it contains. */
  function ownAccesses(stmt: Stmt, place: Place): readonly Access[] {
    const found: Access[] = [];
    const isShared = stmt.kind === 'store' && ['workgroup', 'global'].includes(scopes.get(stmt.buffer) ?? '');
    const axes = isShared ? axesAlike(stmt, place) : [];
    if (axes.length > 0) alike.set(stmt, axes);
    const isOwn = used.every((axis) => place.variables.has(axis) || axes.includes(axis));
    // Elements that a subgroup reduces are read by all of its invocations, whoever stores the result.
    const isReduction = [...reductions.values()].some(({ update }) => update.store === stmt);
    const add = (buffer: string, isWrite: boolean): void => {
      const scope = scopes.get(buffer);
      if (scope !== 'workgroup' && scope !== 'global') return;
      const kind = scope === 'global' ? 'storage' : 'workgroup';
      const isByAll = isReduction && stmt.kind === 'store' && buffer !== stmt.buffer;
      const [first, isEach] = isByAll ? ['', used.every((axis) => place.variables.has(axis))] : [axes.join(), isOwn];
      found.push({ buffer, kind, isWrite, nest: place.nest, first, isOwn: isEach });
    };
    for (const expr of exprsIn(stmt))
      walkExpr(expr, (node) => {
        if (node.kind === 'load') add(node.buffer, false);
      });
    if (stmt.kind === 'store') add(stmt.buffer, true);
    return found;
  }

  /** All accesses of a statement, in order. */
  function accessesIn(stmt: Stmt, place: Place): readonly Access[] {
    const inner = enter(stmt, place);
    return [...ownAccesses(stmt, place), ...childrenOf(stmt).flatMap((child) => accessesIn(child, inner))];
  }

  function enter(stmt: Stmt, place: Place): Place {
    if (stmt.kind === 'let')
      return { ...place, depends: new Map(place.depends).set(stmt.name, dependsOn(stmt.value, place)) };
    if (stmt.kind !== 'for') return place;
    if (!isInvocation(stmt.loopKind))
      return { ...place, depends: new Map(place.depends).set(stmt.loopVar, dependsOn(stmt.extent, place)) };
    return {
      nest: stmt,
      variables: new Map(place.variables).set(stmt.loopKind, stmt.loopVar),
      depends: new Map(place.depends).set(stmt.loopVar, new Set([stmt.loopVar])),
    };
  }

  /** The accesses that are pending behind a statement, before which a barrier is placed where it needs one. */
  function visit(stmt: Stmt, pending: readonly Access[], place: Place): readonly Access[] {
    if (stmt.kind === 'seq') return stmt.stmts.reduce((state, child) => visit(child, state, place), pending);
    const isWhole = isUniform(stmt, place);
    const reduction = hasSubgroups && isWhole && stmt.kind === 'for' ? reductionOf(stmt) : undefined;
    if (reduction !== undefined && axesAlike(reduction.update.store, enter(stmt, place)).length === used.length)
      reductions.set(reduction.loop, reduction);
    const isTransparent = stmt.kind === 'for' && isThreadAxis(stmt.loopKind) && isWhole;
    const here = isTransparent || stmt.kind === 'let' ? ownAccesses(stmt, place) : accessesIn(stmt, place);
    const kinds = new Set(here.flatMap((access) => conflicts(pending, access).map(({ kind }) => kind)));
    if (kinds.size > 0) before.set(stmt, new Set([...(before.get(stmt) ?? []), ...kinds]));
    const ordered = pending.filter(({ kind }) => !before.get(stmt)?.has(kind));
    const inner = enter(stmt, place);
    if (!isWhole) {
      const [conflict] = here.flatMap((access, i) => conflicts(here.slice(0, i), access));
      if (conflict !== undefined)
        throw new ScheduleError(
          func.name,
          `buffer '${conflict.buffer}'`,
          'its invocations would have to wait for one another where not all of them come to',
        );
      return joined(ordered, here);
    }
    if (stmt.kind === 'if')
      return joined(
        visit(stmt.then, ordered, place),
        stmt.else === undefined ? ordered : visit(stmt.else, ordered, place),
      );
    const own = joined(ordered, stmt.kind === 'for' ? [] : ownAccesses(stmt, place));
    if (stmt.kind !== 'for' && stmt.kind !== 'let') return own;
    const first = visit(stmt.body, own, inner);
    return stmt.kind === 'let' || isThreadAxis(stmt.loopKind) ? first : joined(visit(stmt.body, first, inner), ordered);
  }

  /** Whether all invocations come to what is in a statement, and equally often. */
  function isUniform(stmt: Stmt, place: Place): boolean {
    if (stmt.kind === 'if') return !mentionsInvocations(stmt.cond, place);
    if (stmt.kind !== 'for') return true;
    if (!isInvocation(stmt.loopKind)) return !mentionsInvocations(stmt.extent, place);
    return stmt.extent.kind === 'const' && Number(stmt.extent.value) === sizes.get(stmt.loopKind);
  }

  const mentionsInvocations = (expr: Expr, place: Place): boolean => {
    let loads = false;
    walkExpr(expr, (node) => {
      loads ||= node.kind === 'load';
    });
    return loads || dependsOn(expr, place).size > 0;
  };

  visit(func.body, [], { nest: undefined, variables: new Map(), depends: new Map() });
  return { before, alike, reductions };
}

/** Whether subgroups can share reductions of a kernel. */
export const hasSharedReductions = (func: TensorFunc): boolean => placeBarriers(func, true).reductions.size > 0;

export const isInvocation = (kind: For['loopKind']): kind is InvocationAxis => kind.startsWith('invocation.');

const conflicts = (pending: readonly Access[], access: Access): readonly Access[] =>
  pending.filter(
    (other) =>
      other.buffer === access.buffer &&
      (other.isWrite || access.isWrite) &&
      !(isSamePlace(other, access) && other.isOwn && access.isOwn),
  );

const isSamePlace = (a: Access, b: Access): boolean => a.nest === b.nest && a.first === b.first;

/** The accesses of both, each kind of access once. */
function joined(left: readonly Access[], right: readonly Access[]): readonly Access[] {
  const same = (a: Access, b: Access): boolean =>
    a.buffer === b.buffer && a.isWrite === b.isWrite && a.isOwn === b.isOwn && isSamePlace(a, b);
  return right.reduce((all, access) => (all.some((other) => same(other, access)) ? all : [...all, access]), [...left]);
}

const childrenOf = (stmt: Stmt): readonly Stmt[] => {
  switch (stmt.kind) {
    case 'seq':
      return stmt.stmts;
    case 'for':
    case 'let':
      return [stmt.body];
    case 'if':
      return branches(stmt);
    default:
      return [];
  }
};

const branches = (stmt: If): readonly Stmt[] => [stmt.then, ...(stmt.else === undefined ? [] : [stmt.else])];

/** The expressions of a statement itself. */
function exprsIn(stmt: Stmt): readonly Expr[] {
  switch (stmt.kind) {
    case 'store':
      return [...stmt.indices, stmt.value];
    case 'let':
    case 'assign':
      return [stmt.value];
    case 'if':
      return [stmt.cond];
    case 'for':
      return [stmt.extent];
    default:
      return [];
  }
}
