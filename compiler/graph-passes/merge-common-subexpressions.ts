import { shapeEquals } from '../../ir/dim.ts';
import type { Constant, Graph, Node } from '../../ir/graph/graph.ts';
import { bytesOf } from '../../ir/tensor-data.ts';
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

/** Constants are compared by a hash of their bytes first, then byte by byte. */
function mergeConstants(graph: Graph): Graph {
  const byHash = new Map<number, Constant[]>();
  const renamed = new Map<string, string>();
  for (const constant of graph.constants) {
    const hash = hashOf(bytesOf(constant.data.data));
    const candidates = byHash.get(hash) ?? [];
    const twin = candidates.find((candidate) => areEqual(candidate, constant));
    if (twin === undefined) byHash.set(hash, [...candidates, constant]);
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

function areEqual(a: Constant, b: Constant): boolean {
  if (a.data.dtype !== b.data.dtype || !shapeEquals(a.data.shape, b.data.shape)) return false;
  const [left, right] = [bytesOf(a.data.data), bytesOf(b.data.data)];
  return left.every((byte, i) => byte === right[i]);
}

/** FNV-1a over the bytes. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
