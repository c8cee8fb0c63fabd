import { type Dim, isStatic, type Shape, shapeEquals } from '../../ir/dim.ts';
import { variable } from '../../ir/tensor/build.ts';
import { constantLinear, fromLinear, type Linear, linearOf, subtractLinear } from '../../ir/tensor/linear.ts';
import type { Block, Buffer, Expr, For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { isThreadAxis } from '../../ir/tensor/typing.ts';
import { mapChildren, rewriteExpr, update } from '../../ir/tensor/visit.ts';
import { type Access, collectAccesses, commonLoops, indexOver } from './accesses.ts';
import { isWrittenFirst, sameLinear, sweep } from './coverage.ts';

/**
 * Shrinks a temporary that is written and read anew in every iteration of the loops around all its accesses to the
 * region that one iteration touches. Where such a loop is parallel, each thread gets a buffer of its own; where it is one
 * of a GPU's axes, each iteration keeps a region of its own.
 *
 *   for i in 16 { for j in 8 { %t[i, j] = … }  for j in 8 { … %t[i, j] … } }   with t: f32[16, 8]
 *   for i in 16 { for j in 8 { %t[j] = … }  for j in 8 { … %t[j] … } }   with t: f32[8]
 *
 * Elements outside of the region that predicates guard are never touched, so that a region may reach over the edge.
 * Dimensions of one element go; rows of local buffers grow to whole vectors. Temporaries without an access are dropped.
 */
export function compactBuffers(func: TensorFunc): TensorFunc {
  const accesses = Map.groupBy(collectAccesses(func.body), (access) => access.buffer);
  const plans = new Map<string, Plan>();
  for (const temp of func.temps) {
    const plan = planBuffer(temp, accesses.get(temp.name) ?? []);
    if (plan !== undefined) plans.set(temp.name, plan);
  }
  const temps = func.temps
    .filter((temp) => accesses.has(temp.name))
    .map((temp) => update(temp, plans.get(temp.name)?.buffer ?? {}));
  if (plans.size === 0 && temps.length === func.temps.length) return func;
  return { ...func, temps, body: rebase(func.body, plans, { loops: [], values: new Map() }) };
}

interface Plan {
  readonly buffer: Pick<Buffer, 'shape' | 'scope'>;
  /** What to subtract from each index, over variables of the loops around every access; undefined where it is 0 alone. */
  readonly bases: readonly (Linear | undefined)[];
  /** The loops that index a region of their own, as leading dimensions. */
  readonly owners: readonly string[];
}

function planBuffer(temp: Buffer, accesses: readonly Access[]): Plan | undefined {
  // The invocations of a workgroup fill a buffer of it together.
  const isShared = ({ loopKind }: For): boolean => temp.scope === 'workgroup' && loopKind.startsWith('invocation.');
  const around = commonLoops(accesses).filter((loop) => !isShared(loop));
  const isOwn = temp.scope !== 'global';
  const axes = isOwn ? [] : around.filter(({ loopKind }) => isThreadAxis(loopKind));
  const canShrink = axes.every((loop) => loop.extent.kind === 'const');
  const regions = canShrink ? commonRegions(temp, accesses, new Set(around.map((loop) => loop.loopVar))) : [];
  const isShrunk = regions.some((region) => region !== undefined);
  const owners = isShrunk ? axes : [];
  const isOfThread = isShrunk && temp.scope === 'global' && around.some((loop) => loop.loopKind === 'parallel');
  const extents = temp.shape.map((extent, dim) => regions[dim]?.extent ?? extent);
  const kept = extents.filter((extent) => extent !== 1);
  const shape = [...owners.map(constantExtent), ...(temp.scope === 'local' ? wholeVectors(kept) : kept)];
  if (!isShrunk && shapeEquals(shape, temp.shape)) return undefined;
  const base = (dim: number): Linear => regions[dim]?.base ?? constantLinear(0);
  const bases = extents.map((extent, dim) => (extent === 1 ? undefined : base(dim)));
  const scope = isOfThread ? 'thread' : temp.scope;
  return { buffer: { shape, scope }, bases, owners: owners.map((loop) => loop.loopVar) };
}

const constantExtent = (loop: For): number => (loop.extent.kind === 'const' ? Number(loop.extent.value) : 1);

/** Rows of whole vectors, so that each vector of a row can be a register. */
const wholeVectors = (shape: Shape): Shape =>
  shape.map((extent, dim) =>
    dim === shape.length - 1 && dim > 0 && isStatic(extent) ? Math.ceil(extent / 4) * 4 : extent,
  );

function commonRegions(
  temp: Buffer,
  accesses: readonly Access[],
  outer: ReadonlySet<string>,
): readonly (Region | undefined)[] {
  if (outer.size === 0) return [];
  const regions = temp.shape.map((extent, dim) => commonRegion(accesses, dim, outer, extent));
  const isAnew = regions.some((region) => region !== undefined) && isWrittenFirst(accesses, outer);
  return isAnew ? regions : [];
}

interface Region {
  readonly base: Linear;
  readonly extent: number;
}

/** The interval that holds what all accesses touch in a dimension, if they share one base and it is worth it. */
function commonRegion(
  accesses: readonly Access[],
  dim: number,
  outer: ReadonlySet<string>,
  extent: Dim,
): Region | undefined {
  const sweeps = accesses.map((access) => sweep(access, dim, outer));
  const [first] = sweeps;
  if (first === undefined) return undefined;
  let [min, max] = [first.interval.min, first.interval.max];
  for (const part of sweeps) {
    if (part === undefined || !sameLinear(part.base, first.base)) return undefined;
    min = Math.min(min, part.interval.min);
    max = Math.max(max, part.interval.max);
  }
  const size = max - min + 1;
  if (isStatic(extent) && size >= extent) return undefined;
  return { base: { ...first.base, constant: min }, extent: size };
}

/** Where a statement stands: the loops around it, and the bindings of the block around. */
interface Place {
  readonly loops: readonly For[];
  readonly values: ReadonlyMap<string, Expr>;
}

/** Subtracts the bases from the indices. */
function rebase(stmt: Stmt, plans: ReadonlyMap<string, Plan>, place: Place): Stmt {
  const shift = (buffer: string, indices: readonly Expr[]): readonly Expr[] => {
    const plan = plans.get(buffer);
    if (plan === undefined) return indices;
    const shifted = indices.flatMap((index, dim) => {
      const base = plan.bases[dim];
      return base === undefined ? [] : [shiftIndex(index, base, place)];
    });
    return [...plan.owners.map((name) => variable(name)), ...shifted];
  };
  const loads = (node: Expr): Expr =>
    node.kind === 'load' ? update(node, { indices: shift(node.buffer, node.indices) }) : node;
  const expr = (node: Expr): Expr => rewriteExpr(node, loads);
  if (stmt.kind === 'block') return rebaseBlock(stmt, plans, place);
  const inner = stmt.kind === 'for' ? { ...place, loops: [...place.loops, stmt] } : place;
  const mapped = mapChildren(stmt, { expr, stmt: (child) => rebase(child, plans, inner) });
  return mapped.kind === 'store' ? update(mapped, { indices: shift(mapped.buffer, mapped.indices) }) : mapped;
}

function rebaseBlock(block: Block, plans: ReadonlyMap<string, Plan>, place: Place): Block {
  const values = new Map(place.values);
  for (const iter of block.iters) values.set(iter.name, iter.value);
  const inner = { ...place, values };
  const init = block.init === undefined ? {} : { init: rebase(block.init, plans, inner) };
  return update(block, { ...init, body: rebase(block.body, plans, inner) });
}

/** The index over the loops' variables, so that the base cancels. */
function shiftIndex(index: Expr, base: Linear, { loops, values }: Place): Expr {
  if (base.constant === 0 && base.terms.size === 0) return index;
  return fromLinear(subtractLinear(linearOf(indexOver(loops, index, values)), base));
}
