import { createHash } from 'node:crypto';
import { byteSize } from '../../ir/dtype.ts';
import { invariant, UnsupportedError } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { Buffer, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { bytesOf, type TensorData } from '../../ir/tensor-data.ts';
import { type MemoryPlan, planMemory } from '../graph-passes/plan-memory.ts';
import { isAlias, isPrepared, type KernelCall, type Operand, type Prepared, workspaces } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';

/**
 * Where everything stands in the model's linear memory: weights first, then the arena, then what is prepared of weights
 * when an artifact is loaded. Bytes throughout.
 */
export interface Layout {
  /** The content of the file: first those that stay in memory, then those of which others are prepared. */
  readonly weights: Uint8Array;
  readonly weightsOffset: number;
  /** The weights that stay in memory, from the first on. */
  readonly residentBytes: number;
  readonly preparations: readonly PlacedPreparation[];
  readonly totalBytes: number;
  /** The arena: interface, activations and workspaces by lifetime. */
  readonly arenaBytes: number;
  readonly liveValues: MemoryPlan['liveValues'];
  readonly address: (operand: Operand) => number;
  readonly workspaces: (call: KernelCall) => readonly number[];
}

/** The constant's bytes are copied to the arena, which is not in use yet; workspaces stand behind them. */
export interface PlacedPreparation {
  readonly prepared: Prepared;
  readonly inFile: { readonly offset: number; readonly bytes: number };
  readonly from: number;
  readonly to: number;
  readonly workspaces: readonly number[];
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
  const arena = align(weightsOffset + weights.residentBytes);
  const preparations = placePreparations(calls, weights, arena, plan.arenaBytes);
  const places = new Map(preparations.map(({ prepared, to }) => [prepared, to]));
  const address = (operand: Operand): number => {
    if (isPrepared(operand)) return places.get(operand) ?? 0;
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
  const last = preparations.at(-1);
  const totalBytes = last === undefined ? arena + plan.arenaBytes : last.to + preparedBytes(last.prepared);
  if (totalBytes > mostBytes)
    throw new UnsupportedError([`a model that needs ${totalBytes} bytes of memory; kernels can address ${mostBytes}`]);
  return {
    weights: weights.bytes,
    weightsOffset,
    residentBytes: weights.residentBytes,
    preparations,
    totalBytes,
    arenaBytes: plan.arenaBytes,
    liveValues: plan.liveValues,
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

/** What is prepared, each of which has its place behind the arena. */
function placePreparations(
  calls: readonly KernelCall[],
  weights: Weights,
  arena: number,
  arenaBytes: number,
): readonly PlacedPreparation[] {
  const all = preparedOperands(calls);
  let end = arena + Math.max(arenaBytes, ...all.map(({ preparation }) => bytesToPrepare(preparation)));
  return all.map((prepared) => {
    const { constant, preparation } = prepared;
    const offset = weights.offsets.get(constant);
    invariant(offset !== undefined, `the constant that ${preparation.name} reads has a place`);
    const to = align(end);
    end = to + preparedBytes(prepared);
    const places = offsetsOf([...preparation.inputs, ...preparation.temps]).map((place) => arena + place);
    const inFile = { offset, bytes: bytesOfBuffers(preparation.inputs) };
    return { prepared, inFile, from: arena, to, workspaces: places.slice(1) };
  });
}

const bytesToPrepare = ({ inputs, temps }: TensorFunc): number =>
  [...inputs, ...temps].reduce((sum, buffer) => sum + align(bytesOfBuffers([buffer])), 0);

function offsetsOf(buffers: readonly Buffer[]): readonly number[] {
  let end = 0;
  return buffers.map((buffer) => {
    const offset = end;
    end += align(bytesOfBuffers([buffer]));
    return offset;
  });
}

const preparedOperands = (calls: readonly KernelCall[]): readonly Prepared[] => [
  ...new Set(calls.flatMap(({ inputs }) => inputs.filter(isPrepared))),
];

const preparedBytes = ({ preparation }: Prepared): number => bytesOfBuffers(preparation.outputs);

const bytesOfBuffers = (buffers: readonly Buffer[]): number =>
  buffers.reduce((sum, { shape, dtype }) => sum + staticElements(shape) * byteSize(dtype), 0);

interface Weights {
  readonly bytes: Uint8Array;
  readonly residentBytes: number;
  readonly offsets: ReadonlyMap<string | TensorData, number>;
}

/**
 * Puts each distinct constant that a kernel or an output reads into one block, equal contents once; those of which only
 * operands are prepared come last.
 */
function placeWeights(graph: Graph, calls: readonly KernelCall[], sources: ReadonlyMap<string, string>): Weights {
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
  for (const call of calls) for (const input of call.inputs) if (!isPrepared(input)) place(input);
  for (const output of graph.outputs) place(output.value);
  const residentBytes = align(end);
  for (const { constant } of preparedOperands(calls)) place(constant);
  const bytes = new Uint8Array(align(end));
  for (const chunk of chunks) bytes.set(chunk.bytes, chunk.offset);
  return { bytes, residentBytes, offsets };
}
