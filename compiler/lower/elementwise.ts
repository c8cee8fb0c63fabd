import type { NodeOf } from '../../ir/graph/graph.ts';
import { type BinaryOp, binaryOps, type UnaryOp, unaryOps } from '../../ir/scalar.ts';
import { binary, bitcast, cast, select, unary } from '../../ir/tensor/build.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { broadcastIndices, type Lowering, type LoweringContext } from './lowering.ts';

type ElementwiseOp = UnaryOp | BinaryOp | 'select' | 'cast' | 'bitcast';
type ElementwiseNode = { readonly [K in ElementwiseOp]: NodeOf<K> }[ElementwiseOp];

function elementwise(
  node: ElementwiseNode,
  context: LoweringContext,
  combine: (operands: readonly Expr[]) => Expr,
): void {
  const operands = node.inputs.map((input) => context.operand(input));
  context.compute(node, (indices) =>
    combine(operands.map((operand) => operand.at(broadcastIndices(operand.type.shape, indices)))),
  );
}

const lowerUnary =
  <K extends UnaryOp>(op: K): Lowering<K> =>
  (node, context) =>
    elementwise(node as ElementwiseNode, context, ([x]) => unary(op, x as Expr));

const lowerBinary =
  <K extends BinaryOp>(op: K): Lowering<K> =>
  (node, context) =>
    elementwise(node as ElementwiseNode, context, ([a, b]) => binary(op, a as Expr, b as Expr));

const rows = <K extends string, V>(keys: readonly K[], row: (key: K) => V): Readonly<Record<K, V>> =>
  Object.fromEntries(keys.map((key) => [key, row(key)])) as Record<K, V>;

export const elementwiseLowerings = {
  ...(rows(unaryOps, lowerUnary) as { readonly [K in UnaryOp]: Lowering<K> }),
  ...(rows(binaryOps, lowerBinary) as { readonly [K in BinaryOp]: Lowering<K> }),
  select: ((node, context) =>
    elementwise(node, context, ([cond, a, b]) =>
      select(cond as Expr, a as Expr, b as Expr),
    )) satisfies Lowering<'select'>,
  cast: ((node, context) =>
    elementwise(node, context, ([x]) => cast(x as Expr, node.attrs.to))) satisfies Lowering<'cast'>,
  bitcast: ((node, context) =>
    elementwise(node, context, ([x]) => bitcast(x as Expr, node.attrs.to))) satisfies Lowering<'bitcast'>,
};
