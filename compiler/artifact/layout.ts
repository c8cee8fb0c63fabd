import { createHash } from 'node:crypto';
import { byteSize } from '../../ir/dtype.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { bytesOf, type TensorData } from '../../ir/tensor-data.ts';
import { planMemory } from '../graph-passes/plan-memory.ts';
import { isAlias, type KernelCall, workspaces } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';

/** Where everything stands in the model's linear memory: weights first, then the arena. Bytes throughout. */
export interface Layout {
  readonly weights: Uint8Array;
  readonly weightsOffset: number;
  readonly totalBytes: number;
  /** The arena: interface, activations and workspaces by lifetime. */
  readonly arenaBytes: number;
  readonly address: (operand: string | TensorData) => number;
  readonly workspaces: (call: KernelCall) => readonly number[];
}

const alignment = 64;
const align = (offset: number): number => Math.ceil(offset / alignment) * alignment;

/** Address 0 stays free, so that a wrong pointer is noticed in a debugger. */
const weightsOffset = alignment;

export function layoutMemory(graph: Graph, calls: readonly KernelCall[]): Layout {
  const temps = new Map(
    calls.map((call) => [
      call.node.name,
      workspaces(call.kernel).map((buffer) => staticElements(buffer.shape) * byteSize(buffer.dtype)),
    ]),
  );
  const plan = planMemory(graph, temps);
  const weights = placeWeights(graph, calls);
  const arena = align(weightsOffset + weights.bytes.length);
  const address = (operand: string | TensorData): number => {
    const offset = typeof operand === 'string' ? plan.values.get(operand) : undefined;
    return offset === undefined ? weightsOffset + weights.offsetOf(operand) : arena + offset;
  };
  return {
    weights: weights.bytes,
    weightsOffset,
    totalBytes: arena + plan.arenaBytes,
    arenaBytes: plan.arenaBytes,
    address,
    workspaces: (call) => (plan.temps.get(call.node.name) ?? []).map((offset) => arena + offset),
  };
}

/** Puts each distinct constant that a kernel or an output reads into one block, equal contents once. */
function placeWeights(graph: Graph, calls: readonly KernelCall[]) {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant.data]));
  const offsets = new Map<string | TensorData, number>();
  const byContent = new Map<string, number>();
  const chunks: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  const place = (operand: string | TensorData): void => {
    const data = typeof operand === 'string' ? constants.get(operand) : operand;
    if (data === undefined || offsets.has(operand)) return;
    const bytes = bytesOf(data.data);
    const key = createHash('sha256').update(bytes).digest('hex');
    const known = byContent.get(key);
    const offset = known ?? align(end);
    offsets.set(operand, offset);
    if (known !== undefined) return;
    byContent.set(key, offset);
    chunks.push({ offset, bytes });
    end = offset + bytes.length;
  };
  for (const call of calls) for (const input of call.inputs) place(input);
  for (const node of graph.nodes) if (isAlias(node)) place(node.inputs[0] as string);
  for (const output of graph.outputs) place(output.value);
  const bytes = new Uint8Array(align(end));
  for (const chunk of chunks) bytes.set(chunk.bytes, chunk.offset);
  return {
    bytes,
    offsetOf: (operand: string | TensorData): number => {
      const offset = offsets.get(operand);
      if (offset === undefined)
        throw new Error(
          `internal error: operand ${typeof operand === 'string' ? operand : 'constant'} has no place in memory`,
        );
      return offset;
    },
  };
}
