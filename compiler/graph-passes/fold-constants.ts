import { isStatic } from '../../ir/dim.ts';
import type { Graph, Node } from '../../ir/graph/graph.ts';
import { evaluateNode } from '../../ir/graph/op-table.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { type NewGraph, rebuild } from './rebuild.ts';
import { bytesOfType } from './tensor-sizes.ts';

/** A result above this size is not folded where it is larger than what it is computed from: it would swell the artifact. */
const largestGrowth = 16 * 2 ** 20;
/** An index ramp is cheap to compute, so that only a small one is worth its bytes. */
const largestIota = 64 * 2 ** 10;

/** Computes, by the operator table, each node whose inputs are all constants. */
export const foldConstants = (graph: Graph): Graph => rebuild(graph, fold);

function fold(node: Node, graph: NewGraph): readonly string[] | undefined {
  if (node.op === 'call_tir' || node.op === 'fused') return undefined;
  if (node.op === 'slice' && !node.attrs.starts.every(isStatic)) return undefined;
  const inputs: TensorData[] = [];
  for (const input of node.inputs) {
    const data = graph.constantOf(input);
    if (data === undefined) return undefined;
    inputs.push(data);
  }
  if (!isWorthItsBytes(node, inputs)) return undefined;
  return evaluateNode(node, inputs).map((data) => graph.constant(data, node.name));
}

function isWorthItsBytes(node: Node, inputs: readonly TensorData[]): boolean {
  let bytes = 0;
  for (const output of node.outputs) {
    const size = bytesOfType(output.type);
    if (size === undefined) return false;
    bytes += size;
  }
  if (node.op === 'iota') return bytes <= largestIota;
  return bytes <= largestGrowth || bytes <= inputs.reduce((sum, input) => sum + input.data.byteLength, 0);
}
