import { type Affine, asAffine } from '../ir/tensor/affine.ts';
import { add, int, mul, sub } from '../ir/tensor/build.ts';
import type { Block, Buffer, Expr, Select, TensorFunc } from '../ir/tensor/tensor-func.ts';
import { substituteExpr } from '../ir/tensor/visit.ts';
import { elementCount, newArray, type TensorData, type TypedArray } from '../ir/tensor-data.ts';

/** A number that is affine in the loops' variables: the value where all are 0, and what a step of each adds. */
interface Walk {
  readonly start: number;
  readonly steps: readonly number[];
}

/** A nest that copies elements from place to place, zero to where a guard is negative. */
interface Copy {
  readonly extents: readonly number[];
  readonly from: Walk;
  readonly to: Walk;
  readonly guards: readonly Walk[];
}

/**
 * The result of a function that only moves elements of its one input (what transform-layout of weights leaves), which
 * is a hundred times as fast as to interpret it; undefined where it does more than that:
 *
 *   for i in 2 { for j in 8 { block (vi = i, vj = j) { %p[vi, vj] = select(vi * 8 + vj < 12, %w[vi * 8 + vj], 0f32) } } }
 */
export function runCopy(func: TensorFunc, input: TensorData): TensorData | undefined {
  const [target] = func.outputs;
  const [copy, shape] = [copyOf(func), target && staticShape(target)];
  if (copy === undefined || target === undefined || shape === undefined) return undefined;
  const data = newArray(target.dtype, elementCount(shape));
  copyElements(copy, input.data, data);
  return { dtype: target.dtype, shape, data };
}

function copyElements({ extents, from, to, guards }: Copy, source: TypedArray, target: TypedArray): void {
  const innermost = Math.max(extents.length - 1, 0);
  const run = (depth: number, read: number, write: number, slacks: readonly number[]): void => {
    const extent = extents[depth] ?? 1;
    const readStep = from.steps[depth] ?? 0;
    const writeStep = to.steps[depth] ?? 0;
    const steps = guards.map((guard) => guard.steps[depth] ?? 0);
    if (depth === innermost) {
      const { begin, end } = allowed(extent, slacks, steps);
      for (let i = begin; i < end; i++) target[write + i * writeStep] = source[read + i * readStep] as number;
      return;
    }
    for (let i = 0; i < extent; i++) {
      const inside = slacks.map((slack, g) => slack + i * (steps[g] ?? 0));
      run(depth + 1, read + i * readStep, write + i * writeStep, inside);
    }
  };
  const slacks = guards.map((guard) => guard.start);
  run(0, from.start, to.start, slacks);
}

/** The iterations of a loop in which no guard, of a given value in the first and step from one to the next, is negative. */
function allowed(extent: number, slacks: readonly number[], steps: readonly number[]) {
  let [begin, end] = [0, extent];
  for (const [g, slack] of slacks.entries()) {
    const step = steps[g] ?? 0;
    if (step > 0) begin = Math.max(begin, Math.ceil(-slack / step));
    else if (step < 0) end = Math.min(end, Math.floor(slack / -step) + 1);
    else if (slack < 0) end = 0;
  }
  return { begin, end };
}

function copyOf(func: TensorFunc): Copy | undefined {
  const nest = nestOf(func);
  const [source] = func.inputs;
  const [target] = func.outputs;
  if (nest === undefined || source === undefined || target === undefined) return undefined;
  const { loops, block } = nest;
  const { body: stmt } = block;
  if (stmt.kind !== 'store' || stmt.buffer !== target.name) return undefined;
  const { value, conditions } = stmt.value.kind === 'select' ? guardedBy(stmt.value) : unguarded(stmt.value);
  if (value?.kind !== 'load' || value.buffer !== source.name || value.dtype !== target.dtype) return undefined;
  const values = new Map(block.iters.map((iter) => [iter.name, iter.value]));
  const walkOf = (expr: Expr | undefined): Walk | undefined => {
    const affine = expr && asAffine(substituteExpr(expr, values));
    return affine && walkAlong(affine, loops);
  };
  const [from, to] = [walkOf(positionIn(source, value.indices)), walkOf(positionIn(target, stmt.indices))];
  const guards = conditions.map(walkOf);
  if (from === undefined || to === undefined || !guards.every((guard) => guard !== undefined)) return undefined;
  return { extents: loops.map(({ extent }) => extent), from, to, guards };
}

interface Loop {
  readonly name: string;
  readonly extent: number;
}

/** The loops of constant extent around a block without predicate that is all of a function. */
function nestOf(func: TensorFunc): { readonly loops: readonly Loop[]; readonly block: Block } | undefined {
  const loops: Loop[] = [];
  let stmt = func.body;
  while (stmt.kind === 'for') {
    if (stmt.extent.kind !== 'const') return undefined;
    loops.push({ name: stmt.loopVar, extent: Number(stmt.extent.value) });
    stmt = stmt.body;
  }
  if (stmt.kind !== 'block' || stmt.predicate !== undefined || stmt.init !== undefined) return undefined;
  return { loops, block: stmt };
}

const unguarded = (value: Expr) => ({ value, conditions: [] as readonly (Expr | undefined)[] });

/** A value that stands beside a zero, and what is not negative where it is chosen. */
function guardedBy({ cond, then, else: otherwise }: Select) {
  const isZero = otherwise.kind === 'const' && Number(otherwise.value) === 0 && !Object.is(otherwise.value, -0);
  return isZero ? { value: then, conditions: slacksOf(cond) } : { value: undefined, conditions: [] };
}

function slacksOf(cond: Expr): readonly (Expr | undefined)[] {
  if (cond.kind !== 'binary') return [undefined];
  if (cond.op === 'and') return [...slacksOf(cond.left), ...slacksOf(cond.right)];
  return [cond.op === 'lt' && cond.left.dtype === 'i32' ? sub(sub(cond.right, cond.left), int(1)) : undefined];
}

function positionIn(buffer: Buffer, indices: readonly Expr[]): Expr | undefined {
  const shape = staticShape(buffer);
  return shape && indices.reduce((position, index, dim) => add(mul(position, int(shape[dim] ?? 1)), index), int(0));
}

const staticShape = ({ shape }: Buffer): readonly number[] | undefined =>
  shape.every((dim) => typeof dim === 'number') ? shape : undefined;

function walkAlong({ constant, terms }: Affine, loops: readonly Loop[]): Walk | undefined {
  const names = new Set(loops.map((loop) => loop.name));
  if (![...terms.keys()].every((name) => names.has(name))) return undefined;
  return { start: constant, steps: loops.map(({ name }) => terms.get(name) ?? 0) };
}
