import type { Constant, Graph, Node } from '../../ir/graph/graph.ts';
import { bytesOf, type TensorData } from '../../ir/tensor-data.ts';
import { rebuild } from './rebuild.ts';
import { removeDeadNodes } from './remove-dead-nodes.ts';

/** Keeps one of several nodes with the same operator, attributes and operands, and one of several equal constants. */
export function mergeCommonSubexpressions(graph: Graph): Graph {
  const known = new Map<string, Node>();
  return rebuild(mergeConstants(graph), (node) => {
    if (node.op === 'call_tir' || node.op === 'fused') return undefined;
    const key = JSON.stringify([node.op, node.inputs, node.attrs]);
    const twin = known.get(key);
    if (twin !== undefined) return twin.outputs.map((output) => output.name);
    known.set(key, node);
    return undefined;
  });
}

/** Only constants of one type whose first elements are equal are compared byte by byte. */
function mergeConstants(graph: Graph): Graph {
  const byKey = new Map<string, Constant[]>();
  const renamed = new Map<string, string>();
  for (const constant of graph.constants) {
    const key = keyOf(constant.data);
    const candidates = byKey.get(key) ?? [];
    const twin = candidates.find((candidate) => haveEqualBytes(candidate.data, constant.data));
    if (twin === undefined) byKey.set(key, [...candidates, constant]);
    else renamed.set(constant.name, twin.name);
  }
  if (renamed.size === 0) return graph;
  const nodes = graph.nodes.map((node) => {
    if (!node.inputs.some((input) => renamed.has(input))) return node;
    return { ...node, inputs: node.inputs.map((input) => renamed.get(input) ?? input) };
  });
  const outputs = graph.outputs.map((output) => ({ ...output, value: renamed.get(output.value) ?? output.value }));
  return removeDeadNodes({ ...graph, nodes, outputs });
}

const keyOf = ({ dtype, shape, data }: TensorData): string => `${dtype} ${shape.join()} ${data.slice(0, 16).join()}`;

function haveEqualBytes(a: TensorData, b: TensorData): boolean {
  const [left, right] = [bytesOf(a.data), bytesOf(b.data)];
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
