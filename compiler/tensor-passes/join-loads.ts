import { extract, ramp } from '../../ir/tensor/build.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import { fromLinear, linearOf, shiftLinear } from '../../ir/tensor/linear.ts';
import type { Expr, Load, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { rewrite, update, walk } from '../../ir/tensor/visit.ts';

const LANES = 4;

/**
 * Loads neighbouring elements as lanes of one vector, where a function only reads the buffer or it is the workgroup's
 * memory, the vector is known to be aligned, and more than one of its elements is needed: a GPU loads a vector as fast as an element. Vectors may reach over
 * the end of a buffer, where loads out of bounds are safe.
 *
 *   c := c + %a[i*4] * x   d := d + %a[i*4 + 1] * y   →   c := c + %a[ramp<4>(i*4)].0 * x   d := d + %a[ramp<4>(i*4)].1 * y
 */
export function joinLoads(func: TensorFunc): TensorFunc {
  // What invocations write of their workgroup's memory, they wait for before it is read.
  const workgroup = new Set(func.temps.filter(({ scope }) => scope === 'workgroup').map(({ name }) => name));
  const stored = new Set<string>();
  const lanes = new Map<string, Set<number>>();
  const local = new Set(func.temps.filter(({ scope }) => scope === 'local').map(({ name }) => name));
  walk(func.body, {
    stmt: (stmt) => {
      if (stmt.kind === 'store' && !workgroup.has(stmt.buffer)) stored.add(stmt.buffer);
    },
    expr: (expr) => {
      const part = partOf(expr);
      if (part === undefined || local.has(part.load.buffer)) return;
      const known = lanes.get(part.key) ?? new Set();
      lanes.set(part.key, known.add(part.lane));
    },
  });
  const join = (expr: Expr): Expr => {
    const part = partOf(expr);
    if (part === undefined || stored.has(part.load.buffer) || (lanes.get(part.key)?.size ?? 0) < 2) return expr;
    return extract(update(part.load, { indices: [ramp(part.base, LANES)] }), part.lane);
  };
  return update(func, { body: rewrite(func.body, { expr: join }) });
}

/** An element as a lane of an aligned vector. */
interface Part {
  readonly load: Load;
  readonly base: Expr;
  readonly lane: number;
  /** The same for all lanes of a vector. */
  readonly key: string;
}

function partOf(expr: Expr): Part | undefined {
  const [index] = expr.kind === 'load' ? expr.indices : [];
  if (expr.kind !== 'load' || index === undefined || lanesOf(expr) !== 1) return undefined;
  const form = linearOf(index);
  if (![...form.terms.values()].every(({ coefficient }) => coefficient % LANES === 0)) return undefined;
  const lane = ((form.constant % LANES) + LANES) % LANES;
  const base = fromLinear(shiftLinear(form, -lane));
  return { load: expr, base, lane, key: `${expr.buffer} ${exprKey(base)}` };
}
