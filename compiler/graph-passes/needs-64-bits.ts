import type { DType } from '../../ir/dtype.ts';
import { valueTypes } from '../../ir/graph/edit.ts';
import type { Graph, Node } from '../../ir/graph/graph.ts';
import type { OpName } from '../../ir/graph/op-attrs.ts';
import { opTable } from '../../ir/graph/op-table.ts';
import { fitsI32 } from './narrow-integers/interval.ts';
import { rangeOfData, rangeOfDType } from './narrow-integers/ranges.ts';

/** Operators whose i64 results fit 32 bits where those that they read do, beside those that move elements. */
const keepsRange: ReadonlySet<OpName> = new Set<OpName>(['select', 'min', 'max', 'argmax', 'argmin', 'topk']);

/**
 * The nodes that a target without 64-bit types cannot compute: those on f64 and u64, and those on i64 that might not fit 32
 * bits after `narrow-integers`, where inputs are known to. They are kept apart from the others, so that what such a target
 * leaves to another is no more than that.
 */
export function needs64Bits(graph: Graph): ReadonlySet<Node> {
  const types = valueTypes(graph);
  const dtypeOf = (value: string): DType => types.get(value)?.dtype ?? 'f32';
  const isConstantWide = ({ data }: Graph['constants'][number]): boolean => {
    const range = data.dtype === 'i64' ? rangeOfData(data) : undefined;
    return range !== undefined && !fitsI32(range);
  };
  const wide = new Set(graph.constants.filter(isConstantWide).map(({ name }) => name));
  const found = new Set<Node>();
  for (const node of graph.nodes) {
    const results = node.outputs.map(({ name }) => name);
    const has64 = [...node.inputs, ...results].some((value) => ['f64', 'u64'].includes(dtypeOf(value)));
    const makesWide = results.some((value) => dtypeOf(value) === 'i64') && !staysNarrow(node, dtypeOf);
    if (!has64 && !makesWide && !node.inputs.some((input) => wide.has(input))) continue;
    found.add(node);
    for (const value of results) if (dtypeOf(value) === 'i64') wide.add(value);
  }
  return found;
}

function staysNarrow(node: Node, dtypeOf: (value: string) => DType): boolean {
  if (node.op === 'cast') {
    const from = dtypeOf(node.inputs[0] ?? '');
    return from === 'i64' || rangeOfDType(from) !== undefined;
  }
  return keepsRange.has(node.op) || opTable[node.op].kind === 'injective';
}
