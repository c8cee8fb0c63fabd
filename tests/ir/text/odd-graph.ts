import { dtypes } from '../../../ir/dtype.ts';
import { f16FromNumber } from '../../../ir/f16.ts';
import type { Constant, Graph, Node, Value } from '../../../ir/graph/graph.ts';
import type { OpAttrs, OpName } from '../../../ir/graph/op-attrs.ts';
import { elementCount, newArray } from '../../../ir/tensor-data.ts';
import { type AttrReader, attrSchemas, type WrittenAttr } from '../../../ir/text/attr-schema.ts';
import { oddFunc, oddScalar } from './odd-func.ts';
import { type Draw, randomDim, randomShape, several } from './odd-names.ts';

/** Graphs of every operator and attribute, whether they make sense or not. */
export function oddGraph(draw: Draw, depth = 2): Graph {
  const values = new Set<string>();
  const nodes = new Set<string>();
  const value = (): Value => ({
    name: draw.fresh(values),
    type: { dtype: draw.pick(dtypes), shape: randomShape(draw) },
  });
  const inputs = several(draw, 2, value);
  const constants = several(draw, 3, () => oddConstant(draw, draw.fresh(values)));
  const some = (most: number) => (values.size === 0 ? [] : several(draw, most, () => draw.pick([...values])));
  const made = several(draw, 5, () => {
    const operands = some(3);
    const op = draw.pick(draw.chance(3) ? opNames : withAttrs);
    return oddNode(draw, op, operands, several(draw, 2, value), nodes, depth);
  });
  const outputs = new Set<string>();
  const given = some(3).map((name) => ({ name: draw.fresh(outputs), value: name }));
  return { name: draw.name(), inputs, constants, nodes: made, outputs: given };
}

function oddConstant(draw: Draw, name: string): Constant {
  const dtype = draw.pick(dtypes);
  const shape = several(draw, 3, () => draw.below(5));
  const data = newArray(dtype, elementCount(shape));
  data.forEach((_, i) => {
    const scalar = oddScalar(draw, dtype);
    data[i] = dtype === 'f16' ? f16FromNumber(scalar as number) : scalar;
  });
  return { name, data: { dtype, shape, data } };
}

export const opNames = Object.keys(attrSchemas) as readonly OpName[];
const withAttrs = opNames.filter((op) => Object.keys(attrSchemas[op]).length > 0);

export function oddNode(
  draw: Draw,
  op: OpName,
  inputs: readonly string[],
  outputs: readonly Value[],
  taken: Set<string>,
  depth: number,
): Node {
  const own = outputs[0]?.name;
  const isOwn = own !== undefined && !taken.has(own) && draw.chance(2);
  const name = isOwn ? own : draw.fresh(taken);
  taken.add(name);
  const entries = Object.entries<AttrReader>(attrSchemas[op]).map(([key, type]) => [key, oddAttr(draw, type, depth)]);
  return { op, name, inputs, attrs: Object.fromEntries(entries) as OpAttrs[OpName], outputs } as Node;
}

const emptyGraph: Graph = { name: '', inputs: [], constants: [], nodes: [], outputs: [] };

const words = ['constant', 'wrap', 'first', 'last', 'none', 'max', ...dtypes];

/** A value that the attribute takes, of what can be written at all. */
function oddAttr(draw: Draw, type: AttrReader, depth: number): unknown {
  const written: readonly (() => WrittenAttr)[] = [
    () => ({ kind: 'integer', value: draw.below(9) - 4 }),
    () => ({ kind: 'boolean', value: draw.chance(2) }),
    () => ({ kind: 'list', value: several(draw, 4, () => draw.below(9) - 4) }),
    () => ({ kind: 'list', value: [randomDim(draw), 3, -1] }),
    ...words.map((value) => (): WrittenAttr => ({ kind: 'string', value })),
    () => ({ kind: 'graph', value: depth === 0 ? emptyGraph : oddGraph(draw, depth - 1) }),
    () => ({ kind: 'func', value: oddFunc(draw) }),
  ];
  const start = draw.below(written.length);
  for (const write of [...written.slice(start), ...written.slice(0, start)]) {
    const value = type.read(write());
    if (value !== undefined) return value;
  }
  throw new Error(`nothing that is ${type.expected}`);
}
