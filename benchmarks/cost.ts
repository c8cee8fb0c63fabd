import { isStatic, type Shape } from '../ir/dim.ts';
import { byteSize } from '../ir/dtype.ts';
import { valueTypes } from '../ir/graph/edit.ts';
import type { Graph, Node, TensorType } from '../ir/graph/graph.ts';
import { opTable } from '../ir/graph/op-table.ts';

export interface Cost {
  /**
   * Floating-point operations of the definition, however it is computed: two for each multiply-add of a contraction,
   * one for each element of an elementwise operator's result, erf and exp too, and of what a reduction reads.
   */
  readonly flops: number;
  /** Of inputs and constants: what has to be read at least. */
  readonly bytesRead: number;
  /** Of outputs: what has to be written. */
  readonly bytesWritten: number;
}

type Types = ReadonlyMap<string, TensorType>;

/** The cost of a graph of static shapes as it was imported. */
export function costOf(graph: Graph): Cost {
  const types = valueTypes(graph);
  const bytes = (names: readonly string[]) => sum(names.map((name) => bytesOf(typeOf(types, name))));
  return {
    flops: sum(graph.nodes.map((node) => flopsOf(node, types))),
    bytesRead: bytes([...graph.inputs, ...graph.constants].map(({ name }) => name)),
    bytesWritten: bytes(graph.outputs.map(({ value }) => value)),
  };
}

function flopsOf(node: Node, types: Types): number {
  const [first = '', second = ''] = node.inputs;
  const results = sum(node.outputs.map(({ type }) => countOf(type.shape)));
  if (node.op === 'conv') {
    const [filters = 1, ...filter] = typeOf(types, second).shape;
    return (2 * results * countOf([filters, ...filter])) / countOf([filters]);
  }
  if (node.op === 'matmul') {
    const { shape } = typeOf(types, first);
    return 2 * results * countOf([shape[shape.length - (node.attrs.transA ? 2 : 1)] ?? 1]);
  }
  if (node.op === 'window_max' || node.op === 'window_sum') return results * countOf(node.attrs.window);
  if (node.outputs.some(({ type }) => type.dtype !== 'f32')) return 0;
  const { kind } = opTable[node.op];
  if (kind === 'reduction') return countOf(typeOf(types, first).shape);
  return kind === 'elementwise' ? results : 0;
}

function typeOf(types: Types, name: string): TensorType {
  const type = types.get(name);
  if (type === undefined) throw new Error(`the graph has no value ${name}`);
  return type;
}

const bytesOf = ({ dtype, shape }: TensorType): number => countOf(shape) * byteSize(dtype);

/** A size that the importer left open, as that of a value that depends on data, counts as one. */
const countOf = (shape: Shape): number => shape.reduce<number>((count, dim) => count * (isStatic(dim) ? dim : 1), 1);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
