import { bindDim, type Dim, dimEquals, isStatic, printDim, printShape, type Shape, symbolDim } from '../dim.ts';
import { UnsupportedError, VerifyError } from '../errors.ts';
import type { TensorFunc } from '../tensor/tensor-func.ts';
import { mapList, update } from '../tensor/visit.ts';
import { bindFunc } from './bind-func.ts';
import { valueTypes } from './edit.ts';
import type { Graph, Node, NodeOf, Value } from './graph.ts';
import type { OpAttrs, OpName } from './op-attrs.ts';
import { nodePlace } from './place.ts';
import { solveSymbols } from './symbols.ts';

type Symbols = ReadonlyMap<string, Dim>;

const bindShape = (shape: Shape, symbols: Symbols): Shape =>
  mapList(shape, (dim) => {
    const bound = bindDim(dim, symbols);
    return dimEquals(bound, dim) ? dim : bound;
  });

/** The operators with an attribute that holds dimensions. */
type OpWithDims = { readonly [K in OpName]: Shape extends OpAttrs[K][keyof OpAttrs[K]] ? K : never }[OpName];

const shapeAttr = <A extends { readonly shape: Shape }>(attrs: A, bind: (shape: Shape) => Shape): A =>
  update<{ readonly shape: Shape }>(attrs, { shape: bind(attrs.shape) }) as A;

const boundAttrs: { readonly [K in OpWithDims]: (attrs: OpAttrs[K], bind: (shape: Shape) => Shape) => OpAttrs[K] } = {
  reshape: shapeAttr,
  broadcast_to: shapeAttr,
  iota: shapeAttr,
  slice: (attrs, bind) => update(attrs, { starts: bind(attrs.starts), sizes: bind(attrs.sizes) }),
};

const hasDims = (op: OpName): op is OpWithDims => Object.hasOwn(boundAttrs, op);

/**
 * Replaces symbols by numbers or other dimensions, in every type and attribute, inside of fused groups and in functions.
 * A node that holds none of them stays the same object. Throws `VerifyError` where a size becomes negative.
 */
export function bindGraph(graph: Graph, symbols: Symbols): Graph {
  const bind = (shape: Shape): Shape => bindShape(shape, symbols);
  const bindValue = (value: Value): Value => {
    const shape = bind(value.type.shape);
    if (shape.some((dim) => isStatic(dim) && dim < 0)) {
      throw new VerifyError(`graph ${graph.name}, value %${value.name}`, `shape ${printShape(shape)}`);
    }
    return shape === value.type.shape ? value : { ...value, type: { ...value.type, shape } };
  };
  const inputs = mapList(graph.inputs, bindValue);
  const shapes = new Map([...valueTypes(graph)].map(([name, { shape }]) => [name, bind(shape)] as const));
  const nodes = mapList(graph.nodes, (node): Node => {
    const operands = node.inputs.map((name) => shapes.get(name) ?? []);
    const outputs = mapList(node.outputs, bindValue);
    const attrs = bindAttrs(nodePlace(graph.name, node), node, operands, symbols);
    return update<NodeOf<OpName>>(node, { attrs, outputs }) as Node;
  });
  return update(graph, { inputs, nodes });
}

function bindAttrs(place: string, node: Node, operands: readonly Shape[], symbols: Symbols): Node['attrs'] {
  if (node.op === 'fused') return update(node.attrs, { body: bindGraph(node.attrs.body, symbols) });
  if (node.op === 'call_tir') return update(node.attrs, { func: bindCall(place, node.attrs.func, operands, symbols) });
  return hasDims(node.op) ? bindDims(node.op, node.attrs as OpAttrs[OpWithDims], symbols) : node.attrs;
}

function bindDims<K extends OpWithDims>(op: K, attrs: OpAttrs[K], symbols: Symbols): OpAttrs[K] {
  return boundAttrs[op](attrs, (shape) => bindShape(shape, symbols));
}

/** Sizes that the operands tell are the function's own names, the others are the graph's (see `solveSizes`). */
function bindCall(place: string, func: TensorFunc, operands: readonly Shape[], symbols: Symbols): TensorFunc {
  const solved = solveSymbols(
    func.inputs.map(({ shape }) => shape),
    operands,
  );
  const known = new Map<string, number>();
  for (const size of func.sizes) {
    const value = solved.get(size) ?? symbols.get(size) ?? symbolDim(size);
    if (isStatic(value)) known.set(size, value);
    else if (!solved.has(size) && !dimEquals(value, symbolDim(size))) {
      throw new UnsupportedError([`${place}: size ${size} of function ${func.name} becomes ${printDim(value)}`]);
    }
  }
  return bindFunc(func, known);
}
