import { type DType, dtypes, dtypeTable, isBigInt } from '../../../ir/dtype.ts';
import { binaryOps, roundTo, type Scalar, unaryOps } from '../../../ir/scalar.ts';
import { binary, bitcast, broadcast, extract, load, ramp, select, unary, variable } from '../../../ir/tensor/build.ts';
import type { Annotations, Block, Buffer, Expr, LoopKind, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { type Draw, randomDim, randomShape, several } from './odd-names.ts';

interface Names {
  readonly buffers: readonly Buffer[];
  readonly variables: Set<string>;
  readonly blocks: Set<string>;
}

/** Functions of every form that the grammar allows, whether they make sense or not. */
export function oddFunc(draw: Draw): TensorFunc {
  const taken = new Set<string>();
  const variables = new Set<string>();
  const buffers = (scopes: readonly Buffer['scope'][]): readonly Buffer[] =>
    several(draw, 2, () => ({
      name: draw.fresh(taken),
      dtype: draw.pick(dtypes),
      shape: randomShape(draw),
      scope: draw.pick(scopes),
    }));
  const sizes = several(draw, 2, () => draw.fresh(variables));
  const [inputs, outputs, temps] = [
    buffers(['global']),
    buffers(['global']),
    buffers(['global', 'thread', 'workgroup', 'local']),
  ];
  const names = { buffers: [...inputs, ...outputs, ...temps], variables, blocks: new Set<string>() };
  return { name: draw.name(), sizes, inputs, outputs, temps, body: oddStmt(draw, names, 5) };
}

const loopKinds: readonly LoopKind[] = ['serial', 'parallel', 'vectorized', 'unrolled', 'workgroup.x', 'invocation.z'];

function oddStmt(draw: Draw, names: Names, depth: number): Stmt {
  const expr = (): Expr => oddExpr(draw, names, 3);
  const child = (): Stmt => oddStmt(draw, names, depth - 1);
  const fresh = (): string => draw.fresh(names.variables);
  switch (depth === 0 ? draw.below(2) : draw.below(8)) {
    case 0:
      return { kind: 'assign', name: draw.name(), value: expr() };
    case 1: {
      const target = names.buffers[0];
      if (target === undefined) return { kind: 'seq', stmts: [] };
      return { kind: 'store', buffer: target.name, indices: several(draw, 2, expr), value: expr() };
    }
    case 2:
    case 3:
      return { kind: 'let', name: fresh(), mutable: draw.chance(2), value: expr(), body: child() };
    case 4:
      return { kind: 'if', cond: expr(), then: child(), ...(draw.chance(2) ? { else: child() } : {}) };
    case 5:
      return {
        kind: 'for',
        loopVar: fresh(),
        loopKind: draw.pick(loopKinds),
        extent: expr(),
        ...oddAnnotations(draw),
        body: child(),
      };
    case 6:
      return oddBlock(draw, names, depth);
    default:
      return { kind: 'seq', stmts: several(draw, 4, child) };
  }
}

function oddBlock(draw: Draw, names: Names, depth: number): Block {
  const expr = (): Expr => oddExpr(draw, names, 2);
  return {
    kind: 'block',
    name: draw.fresh(names.blocks),
    iters: several(draw, 3, () => ({
      name: draw.fresh(names.variables),
      kind: draw.pick(['spatial', 'reduce'] as const),
      extent: randomDim(draw),
      value: expr(),
    })),
    ...(draw.chance(2) ? { predicate: expr() } : {}),
    ...(draw.chance(2) ? { init: oddStmt(draw, names, depth - 1) } : {}),
    ...oddAnnotations(draw),
    body: oddStmt(draw, names, depth - 1),
  };
}

const annotationValues = [...['', 'fast', 'a"b\n☃'], true, false];
const annotationNumbers = [0, -0, 4, -4, 0.1, 1e21, -1e-7, Number.NaN, Number.POSITIVE_INFINITY, -Infinity];

function oddAnnotations(draw: Draw): { readonly annotations?: Annotations } {
  if (!draw.chance(3)) return {};
  const value = () => draw.pick<string | number | boolean>([...annotationValues, ...annotationNumbers]);
  return { annotations: Object.fromEntries(several(draw, 3, () => [draw.name(), value()])) };
}

function oddExpr(draw: Draw, names: Names, depth: number): Expr {
  const child = (): Expr => oddExpr(draw, names, depth - 1);
  switch (depth === 0 ? draw.below(2) : draw.below(12)) {
    case 0:
      return oddConstant(draw);
    case 1:
      return variable(draw.name(), draw.pick(['i32', ...dtypes]), draw.pick([1, 4, 16]));
    case 2:
      return names.buffers.length === 0 ? oddConstant(draw) : load(draw.pick(names.buffers), several(draw, 2, child));
    case 3:
      return unary(draw.pick(unaryOps), child());
    case 4:
      return select(child(), child(), child());
    case 5:
      return { kind: 'cast', dtype: draw.pick(dtypes), operand: child() };
    case 6:
      return bitcast(child(), draw.pick(dtypes));
    case 7:
      return draw.pick([ramp, broadcast, extract])(child(), draw.below(17));
    default:
      return binary(draw.pick(binaryOps), child(), child());
  }
}

const oddFloats = [0, -0, 0.5, -0.1, 1e30, 1e-30, 5e-324, 65504, Number.NaN, Number.POSITIVE_INFINITY, -Infinity];
const oddBigInts = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n];
const oddInts = [0, 1, -1, 127, -128, 255, 32767, 65535, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1];

/** A value of any dtype: the ends of its range, and for floats the special ones. */
export function oddScalar(draw: Draw, dtype: DType): Scalar {
  if (isBigInt(dtype)) return roundTo(dtype)(draw.pick(oddBigInts));
  return roundTo(dtype)(draw.pick(dtypeTable[dtype].kind === 'float' ? oddFloats : oddInts));
}

function oddConstant(draw: Draw): Expr {
  const dtype = draw.pick(dtypes);
  return { kind: 'const', dtype, value: oddScalar(draw, dtype) };
}
