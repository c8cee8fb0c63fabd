import { type Dim, dimSymbols, isStatic } from '../../../ir/dim.ts';
import {
  add,
  and,
  block,
  buffer,
  constant,
  dimExpr,
  floordiv,
  int,
  less,
  load,
  loop,
  mul,
  seq,
  store,
  variable,
} from '../../../ir/tensor/build.ts';
import type { Block, Expr, Iter, LoopKind, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';

export interface GemmShape {
  readonly m: Dim;
  readonly n: Dim;
  readonly k: Dim;
  /** Rows and columns of the register tile. */
  readonly rows: number;
  readonly columns: number;
  /** Steps of the reduction that are unrolled. */
  readonly steps: number;
}

type Nest = readonly (readonly [name: string, extent: number | Expr, kind?: LoopKind])[];

const nest = (loops: Nest, body: Stmt): Stmt =>
  loops.reduceRight(
    (inner, [name, extent, kind]) =>
      loop(name, typeof extent === 'number' ? int(extent) : extent, inner, kind ?? 'serial'),
    body,
  );

const ceilDivide = (extent: Dim, by: number): Expr =>
  isStatic(extent) ? int(Math.ceil(extent / by)) : floordiv(add(dimExpr(extent), int(by - 1)), int(by));
const divides = (by: number, extent: Dim): boolean => by === 1 || (isStatic(extent) && extent % by === 0);

const spatial = (name: string, extent: Dim, value: Expr): Iter => ({ name, kind: 'spatial', extent, value });
const reduce = (name: string, extent: Dim, value: Expr): Iter => ({ name, kind: 'reduce', extent, value });

/** A matrix product with bias and ReLU as the default schedule leaves it: tiled, the accumulators in a local buffer. */
export function scheduledGemm(shape: GemmShape): TensorFunc {
  const { m, n, k, rows, columns, steps } = shape;
  const [a, b] = [buffer('A', 'f32', [m, k]), buffer('B', 'f32', [k, n])];
  const [bias, out] = [buffer('bias', 'f32', [n]), buffer('out', 'f32', [m, n])];
  const acc = buffer('C', 'f32', [m, n], 'local');
  const tile = (part: string): Nest => [
    [`i1_${part}`, rows, 'unrolled'],
    [`j1_${part}`, Math.ceil(columns / 4), 'unrolled'],
    [`j2_${part}`, 4, 'vectorized'],
  ];
  const row = (part: string): Expr => add(mul(variable('i0'), int(rows)), variable(`i1_${part}`));
  const column = (part: string): Expr =>
    add(add(mul(variable('j0'), int(columns)), mul(variable(`j1_${part}`), int(4))), variable(`j2_${part}`));
  const guarded = (part: string, iters: readonly Iter[], body: Stmt): Block => {
    const tests = [
      ...(divides(rows, m) ? [] : [less(row(part), dimExpr(m))]),
      ...(divides(columns, n) ? [] : [less(column(part), dimExpr(n))]),
      ...(part === 'u' && !divides(steps, k) ? [less(depth, dimExpr(k))] : []),
    ];
    const predicate = tests.length === 0 ? {} : { predicate: tests.reduce(and) };
    return block({ name: `block_${part}`, iters, ...predicate, body });
  };
  const depth = add(mul(variable('k0'), int(steps)), variable('k1'));
  const at = (part: string): readonly Iter[] => [
    spatial(`vi_${part}`, m, row(part)),
    spatial(`vj_${part}`, n, column(part)),
  ];
  const place = (part: string): readonly Expr[] => [variable(`vi_${part}`), variable(`vj_${part}`)];
  const zero = constant(0, 'f32');
  const init = guarded('z', at('z'), store(acc, place('z'), zero));
  const product = mul(load(a, [variable('vi_u'), variable('vk')]), load(b, [variable('vk'), variable('vj_u')]));
  const update = guarded(
    'u',
    [...at('u'), reduce('vk', k, depth)],
    store(acc, place('u'), add(load(acc, place('u')), product)),
  );
  const sum = add(load(acc, place('d')), load(bias, [variable('vj_d')]));
  const final = guarded(
    'd',
    at('d'),
    store(out, place('d'), { kind: 'binary', dtype: 'f32', op: 'max', left: sum, right: zero }),
  );
  const body = seq([
    nest(tile('z'), init),
    nest([['k0', ceilDivide(k, steps)], ['k1', steps, 'unrolled'], ...tile('u')], update),
    nest(tile('d'), final),
  ]);
  const outer: Nest = [
    ['i0', ceilDivide(m, rows)],
    ['j0', ceilDivide(n, columns)],
  ];
  return {
    name: 'gemm',
    sizes: [...new Set([m, n, k].flatMap(dimSymbols))],
    inputs: [a, b, bias],
    outputs: [out],
    temps: [acc],
    body: nest(outer, body),
  };
}
