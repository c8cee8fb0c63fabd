import { type Dim, divideDim, isStatic, type Shape } from '../../ir/dim.ts';
import { isBigInt } from '../../ir/dtype.ts';
import { proves } from '../../ir/tensor/bounds.ts';
import {
  add,
  and,
  constant,
  dimExpr,
  floordiv,
  floormod,
  int,
  less,
  load,
  loops,
  mul,
  select,
  seq,
  store,
  variable,
} from '../../ir/tensor/build.ts';
import { sizeRanges } from '../../ir/tensor/simplify.ts';
import type { Buffer, Expr, Iter, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { rewrite, update } from '../../ir/tensor/visit.ts';
import { mergeRanges } from '../analysis/extents.ts';
import { loopNames, namesIn, takeName } from '../analysis/names.ts';
import { blockSites, fail, findBuffer } from '../analysis/nests.ts';
import { integer, listOf, optional, positive, record, text } from '../fields.ts';
import type { PackedDim, Primitive, StepArgs } from '../step.ts';

/**
 * Stores a buffer in another order: each dimension of the new layout is `floormod(floordiv(index[dim], div), mod)` of
 * a dimension before; where a tile does not divide a dimension, the new layout is longer. A temp is only addressed
 * anew. For an input, a block `<buffer>_pack` at the start of the function copies it into a temp `<buffer>_packed`,
 * with zeros where the new layout is longer; its loops are `<buffer>_pack_0`, … unless `names` says otherwise.
 *
 *   for k in 16 { for j in 12 { block B(…) { … %W[vk, vj] … } } }
 *     → by `transform-layout W [{dim: 1, div: 8}, {dim: 0}, {dim: 1, mod: 8}]`
 *   for W_pack_0 in 2 { for W_pack_1 in 16 { for W_pack_2 in 8 {
 *     block W_pack(…) { %W_packed[p0, p1, p2] = select(p0 * 8 + p2 < 12, %W[p1, p0 * 8 + p2], 0f32) }
 *   } } }
 *   for k in 16 { for j in 12 { block B(…) { … %W_packed[floordiv(vj, 8), vk, floormod(vj, 8)] … } } }
 */
export const transformLayout: Primitive<'transform-layout'> = {
  name: 'transform-layout',
  fields: {
    buffer: text,
    layout: listOf(record({ dim: integer, div: optional(positive), mod: optional(positive) })),
    names: optional(listOf(text)),
  },
  apply: (func, args) => {
    const source = findBuffer(func, args.buffer);
    blockSites(func);
    const shape = packedShape(func, source, args.layout);
    if (func.temps.includes(source)) {
      const packed = update(source, { shape });
      const temps = func.temps.map((temp) => (temp === source ? packed : temp));
      return update(func, { temps, body: readdress(func.body, source, packed, args.layout) });
    }
    if (!func.inputs.includes(source))
      return fail(func, `buffer '${source.name}'`, 'the layout of an output must stay');
    const name = takeName(namesIn(func).buffers, `${source.name}_packed`);
    const packed: Buffer = { name, dtype: source.dtype, shape, scope: 'global' };
    const body = seq([packNest(func, args, source, packed), readdress(func.body, source, packed, args.layout)]);
    return update(func, { temps: [...func.temps, packed], body });
  },
};

/** Checks that a layout has a place for every element, and each only one. */
function packedShape(func: TensorFunc, { name, shape }: Buffer, layout: readonly PackedDim[]): Shape {
  const refuse = (reason: string): never => fail(func, `buffer '${name}'`, reason);
  const stray = layout.find(({ dim }) => dim < 0 || dim >= shape.length);
  if (stray !== undefined) return refuse(`it has no dimension ${stray.dim}; there are ${shape.length}`);
  shape.forEach((extent, d) => {
    const parts = layout.filter(({ dim }) => dim === d).toSorted((a, b) => (a.div ?? 1) - (b.div ?? 1));
    if (parts.length === 0 && extent !== 1) refuse(`dimension ${d} is missing in the layout`);
    parts.forEach(({ div = 1, mod }, i) => {
      const below = i === 0 ? 1 : (parts[i - 1]?.div ?? 1) * (parts[i - 1]?.mod ?? Infinity);
      if (div !== below) refuse(`the parts of dimension ${d} do not join: one starts at ${div}, expected ${below}`);
      if (mod !== undefined && i === parts.length - 1) refuse(`dimension ${d} is cut off: its highest part has a mod`);
    });
  });
  return layout.map(({ dim, div = 1, mod }): Dim => {
    if (mod !== undefined) return mod;
    const extent = shape[dim] ?? 1;
    if (isStatic(extent)) return Math.ceil(extent / div);
    return divideDim(extent, div) ?? refuse(`the symbolic dimension ${dim} is not known to be a multiple of ${div}`);
  });
}

function packedIndices(indices: readonly Expr[], layout: readonly PackedDim[]): readonly Expr[] {
  return layout.map(({ dim, div = 1, mod }) => {
    const index = indices[dim] ?? int(0);
    const quotient = div === 1 ? index : floordiv(index, int(div));
    return mod === undefined ? quotient : floormod(quotient, int(mod));
  });
}

function readdress(body: Stmt, from: Buffer, to: Buffer, layout: readonly PackedDim[]): Stmt {
  const move = <T extends Expr | Stmt>(node: T): T =>
    (node.kind === 'load' || node.kind === 'store') && node.buffer === from.name
      ? { ...node, buffer: to.name, indices: packedIndices(node.indices, layout) }
      : node;
  return rewrite(body, { expr: move, stmt: move });
}

function packNest(func: TensorFunc, { layout, names }: StepArgs['transform-layout'], from: Buffer, to: Buffer): Stmt {
  const used = namesIn(func);
  const name = takeName(used.blocks, `${from.name}_pack`);
  const wishes = layout.map((_, d) => `${name}_${d}`);
  const vars = loopNames(func, `buffer '${from.name}'`, used.variables, wishes, names);
  const iters = to.shape.map((extent, d): Iter => {
    const value = variable(vars[d] ?? '');
    return { name: takeName(used.variables, `${name}_v${d}`), kind: 'spatial', extent, value };
  });
  const target = iters.map((iter) => variable(iter.name));
  const origin = from.shape.map((_, dim) => unpackedIndex(dim, layout, target));
  const ranges = mergeRanges(sizeRanges(func), new Map(iters.map((iter) => [iter.name, rangeOf(iter)])));
  const inside = origin
    .map((index, dim) => less(index, dimExpr(from.shape[dim] ?? 1)))
    .filter((guard) => proves(guard, ranges) !== true);
  const zero = constant(isBigInt(from.dtype) ? 0n : 0, from.dtype);
  const value = inside.length === 0 ? load(from, origin) : select(inside.reduce(and), load(from, origin), zero);
  const body = store(to, target, value);
  return loops(
    iters.map((iter, d) => [vars[d] ?? '', iter.extent] as const),
    { kind: 'block', name, iters, body },
  );
}

const rangeOf = ({ extent }: Iter) => ({ min: 0, max: isStatic(extent) ? extent - 1 : Infinity });

function unpackedIndex(dim: number, layout: readonly PackedDim[], packed: readonly Expr[]): Expr {
  const parts = layout.flatMap((part, d) => {
    const index = packed[d];
    return part.dim !== dim || index === undefined ? [] : [part.div === undefined ? index : mul(index, int(part.div))];
  });
  return parts.length === 0 ? int(0) : parts.reduce(add);
}
