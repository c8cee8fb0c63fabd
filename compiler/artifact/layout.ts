import { createHash } from 'node:crypto';
import { byteSize } from '../../ir/dtype.ts';
import { invariant, UnsupportedError } from '../../ir/errors.ts';
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

/** Kernels compute addresses as signed 32-bit numbers. */
const mostBytes = 2 ** 31 - 1;

/** Throws UnsupportedError where the model needs more memory than kernels can address. */
export function layoutMemory(graph: Graph, calls: readonly KernelCall[]): Layout {
  const temps = new Map(
    calls.map((call) => [
      call.node.name,
      workspaces(call.kernel).map((buffer) => staticElements(buffer.shape) * byteSize(buffer.dtype)),
    ]),
  );
  const plan = planMemory(graph, temps);
  const sources = aliasSources(graph);
  const weights = placeWeights(graph, calls, sources);
  const arena = align(weightsOffset + weights.bytes.length);
  const address = (operand: string | TensorData): number => {
    const source = sourceOf(operand, sources);
    const weight = weights.offsets.get(source);
    if (weight !== undefined) return weightsOffset + weight;
    const offset = typeof source === 'string' ? plan.values.get(source) : undefined;
    invariant(
      offset !== undefined,
      `operand ${typeof source === 'string' ? source : 'constant'} has no place in memory`,
    );
    return arena + offset;
  };
  const totalBytes = arena + plan.arenaBytes;
  if (totalBytes > mostBytes)
    throw new UnsupportedError([`a model that needs ${totalBytes} bytes of memory; kernels can address ${mostBytes}`]);
  return {
    weights: weights.bytes,
    weightsOffset,
    totalBytes,
    arenaBytes: plan.arenaBytes,
    address,
    workspaces: (call) => (plan.temps.get(call.node.name) ?? []).map((offset) => arena + offset),
  };
}

/** What each result of a reshape alone, which no kernel writes, is the same memory as. */
const aliasSources = (graph: Graph): ReadonlyMap<string, string> =>
  new Map(
    graph.nodes.filter(isAlias).map((node) => {
      const [source, result] = [node.inputs[0], node.outputs[0]?.name];
      invariant(source !== undefined && result !== undefined, `reshape ${node.name} has an operand and a result`);
      return [result, source];
    }),
  );

function sourceOf(operand: string | TensorData, sources: ReadonlyMap<string, string>): string | TensorData {
  const source = typeof operand === 'string' ? sources.get(operand) : undefined;
  return source === undefined ? operand : sourceOf(source, sources);
}

/** Puts each distinct constant that a kernel or an output reads into one block, equal contents once. */
function placeWeights(graph: Graph, calls: readonly KernelCall[], sources: ReadonlyMap<string, string>) {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant.data]));
  const offsets = new Map<string | TensorData, number>();
  const byContent = new Map<string, number>();
  const chunks: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  const place = (operand: string | TensorData): void => {
    const source = sourceOf(operand, sources);
    const data = typeof source === 'string' ? constants.get(source) : source;
    if (data === undefined || offsets.has(source)) return;
    const bytes = bytesOf(data.data);
    const key = createHash('sha256').update(bytes).digest('hex');
    const known = byContent.get(key);
    const offset = known ?? align(end);
    offsets.set(source, offset);
    if (known !== undefined) return;
    byContent.set(key, offset);
    chunks.push({ offset, bytes });
    end = offset + bytes.length;
  };
  for (const call of calls) for (const input of call.inputs) place(input);
  for (const output of graph.outputs) place(output.value);
  const bytes = new Uint8Array(align(end));
  for (const chunk of chunks) bytes.set(chunk.bytes, chunk.offset);
  return { bytes, offsets };
}
