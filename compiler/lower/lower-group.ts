import { dimSymbols } from '../../ir/dim.ts';
import { invariant } from '../../ir/errors.ts';
import { f16ToNumber } from '../../ir/f16.ts';
import { bindGraph } from '../../ir/graph/bind.ts';
import type { Graph, Node, NodeOf, TensorType } from '../../ir/graph/graph.ts';
import type { OpName } from '../../ir/graph/op-attrs.ts';
import { constant, seq } from '../../ir/tensor/build.ts';
import { simplifyFunc } from '../../ir/tensor/simplify.ts';
import type { Buffer, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { collapseAxes, collapsePlaces } from './collapse-axes.ts';
import { contractionLowerings } from './contraction.ts';
import { elementwiseLowerings } from './elementwise.ts';
import { gatherScatterLowerings } from './gather-scatter.ts';
import { type Lowering, LoweringContext } from './lowering.ts';
import { movementLowerings } from './movement.ts';
import { pad, placeInHalo } from './pad.ts';
import { reduceLowerings } from './reduce.ts';
import { isWinogradConv, winogradConv } from './winograd.ts';
import type { WinogradTransforms } from './winograd-transforms.ts';

/** Operators that are lowered inside a group. `call_tir` is lowered already, `fused` is the group itself. */
const lowerings: { readonly [K in Exclude<OpName, 'call_tir' | 'fused'>]: Lowering<K> } = {
  ...elementwiseLowerings,
  ...movementLowerings,
  pad,
  ...reduceLowerings,
  ...contractionLowerings,
  ...gatherScatterLowerings,
};

/**
 * Lowers a fused group to one function: its inputs and outputs in the order of the node's, a block (or a few) for each
 * of its operators, in order, in unscheduled loops. A group of one `call_tir` gives that function, for the sizes of its
 * operands.
 */
export function lowerGroup(node: NodeOf<'fused'>): TensorFunc {
  const [first] = node.attrs.body.nodes;
  if (first?.op === 'call_tir' && node.attrs.body.nodes.length === 1) return calledFunc(node);
  return lowerBody(node.name, collapseAxes(node.attrs.body));
}

/**
 * Lowers a group around a convolution with channels last as the product of a matrix, whose rows are the windows of all
 * places and which is never built, and of the weights. Undefined where `collapsePlaces` is.
 */
export function lowerAsImplicitGemm(node: NodeOf<'fused'>): TensorFunc | undefined {
  const body = collapsePlaces(node.attrs.body);
  return body && lowerBody(node.name, body);
}

/**
 * Lowers a group around a convolution of 3 × 3 by Winograd's minimal filtering. Undefined where there is none for which
 * the algorithm is.
 */
export function lowerAsWinograd({ name, attrs: { body } }: NodeOf<'fused'>, transforms: WinogradTransforms) {
  const conv = body.nodes.find((node) => node.op === 'conv');
  const [x, w] = conv?.inputs.map((input) => typeOf(body, input)) ?? [];
  if (conv === undefined || x === undefined || w === undefined || !isWinogradConv(conv, x, w, transforms.results))
    return undefined;
  return lowerBody(name, body, { conv: winogradConv(transforms) });
}

function lowerBody(name: string, body: Graph, instead: Partial<typeof lowerings> = {}): TensorFunc {
  const context = new LoweringContext();
  const inputs = body.inputs.map((input, i) => context.declare(input.name, input.type, `in${i}`));
  const outputs = body.outputs.map((output, i) => context.declare(output.value, typeOf(body, output.value), `out${i}`));
  for (const constantValue of body.constants) inlineScalar(context, constantValue.name, body);
  placeInHalo(body, context);
  for (const inner of body.nodes) lowerNode(inner, context, { ...lowerings, ...instead });
  const { stmts, temps } = context.finish();
  return simplifyFunc({
    name,
    sizes: sizesOf([...inputs, ...outputs]),
    inputs,
    outputs,
    temps,
    body: seq(stmts),
  });
}

function calledFunc({ name, attrs }: NodeOf<'fused'>): TensorFunc {
  const [call] = bindGraph(attrs.body, new Map()).nodes;
  invariant(call?.op === 'call_tir', `group ${name} calls a function`);
  return { ...call.attrs.func, name };
}

function lowerNode(node: Node, context: LoweringContext, table: typeof lowerings): void {
  invariant(
    node.op !== 'call_tir' && node.op !== 'fused',
    `${node.op} ${node.name} cannot stand beside other operators in a group`,
  );
  // The table and the node agree on the operator, which the type checker cannot see through the index.
  (table[node.op] as Lowering<typeof node.op>)(node, context);
}

/** Constants inside a group are scalars; they stand in the code. */
function inlineScalar(context: LoweringContext, name: string, body: Graph): void {
  const found = body.constants.find((candidate) => candidate.name === name);
  const value = found?.data.data[0];
  invariant(
    found !== undefined && value !== undefined && found.data.data.length === 1,
    `constant ${name} in a group is no scalar`,
  );
  const { dtype, shape } = found.data;
  context.declareScalar(name, { dtype, shape }, constant(dtype === 'f16' ? f16ToNumber(Number(value)) : value, dtype));
}

function typeOf(body: Graph, value: string): TensorType {
  const values = [...body.inputs, ...body.nodes.flatMap((node) => node.outputs)];
  const found = values.find((candidate) => candidate.name === value);
  invariant(found !== undefined, `group output ${value} is no value of the group`);
  return found.type;
}

const sizesOf = (buffers: readonly Buffer[]): readonly string[] =>
  [...new Set(buffers.flatMap((buffer) => buffer.shape.flatMap(dimSymbols)))].sort();
