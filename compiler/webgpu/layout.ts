import { createHash } from 'node:crypto';
import { invariant } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { Buffer } from '../../ir/tensor/tensor-func.ts';
import { bytesOf, type TensorData } from '../../ir/tensor-data.ts';
import type { GpuBinding, GpuConstant } from '../../runtime/manifest.ts';
import { type MemoryRules, planMemory } from '../graph-passes/plan-memory.ts';
import { isAlias, isPrepared, type KernelCall, type Operand } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';

/** A binding begins at a multiple of 256 bytes by the default limits; elements take a word each; operands do not alias. */
const gpuMemory: MemoryRules = { alignment: 256, elementBytes: () => 4, inPlace: false };

const align = (bytes: number): number => Math.ceil(bytes / gpuMemory.alignment) * gpuMemory.alignment;

/** Where everything stands in the buffers of a GPU, in bytes. */
export interface GpuLayout {
  /** The file of the constants, and where each of them goes. */
  readonly weights: Uint8Array;
  readonly constants: readonly GpuConstant[];
  readonly weightsBytes: number;
  readonly arenaBytes: number;
  readonly binding: (operand: Operand, buffer: Buffer) => GpuBinding;
  /** Of the workspaces of a call: what its phases share, then the global temporaries of each. */
  readonly workspaces: (call: KernelCall) => readonly number[];
  /** Where an input stands in the arena. */
  readonly offsetOf: (value: string) => number;
  /** Where an output stands. */
  readonly outputOf: (value: string) => Omit<GpuBinding, 'bytes'>;
  /** What a binding of a buffer takes: whole vectors. */
  readonly bytesOf: (buffer: Pick<Buffer, 'shape'>) => number;
}

/** The workspaces that a call binds. */
export const globalWorkspaces = ({ kernel: { shared, lowered } }: KernelCall): readonly Buffer[] => [
  ...shared,
  ...lowered.flatMap(({ temps }) => temps.filter(({ scope }) => scope === 'global')),
];

const wordBytes = ({ shape }: Pick<Buffer, 'shape'>): number => 4 * staticElements(shape);

export function layoutForGpu(graph: Graph, calls: readonly KernelCall[]): GpuLayout {
  const temps = new Map(calls.map((call) => [call.node.name, globalWorkspaces(call).map(wordBytes)]));
  const plan = planMemory(graph, temps, gpuMemory);
  const aliases = aliasSources(graph);
  const constants = placeConstants(graph, calls, aliases);
  const valueOf = (name: string): string => {
    const source = aliases.get(name);
    return source === undefined ? name : valueOf(source);
  };
  const offsetOf = (name: string): number => {
    const offset = plan.values.get(valueOf(name));
    invariant(offset !== undefined, `value ${name} has a place on the GPU`);
    return offset;
  };
  const placeOf = (operand: string | TensorData): Omit<GpuBinding, 'bytes'> => {
    const source = typeof operand === 'string' ? valueOf(operand) : operand;
    const constant = constants.places.get(source);
    if (constant !== undefined) return { buffer: 'weights', offset: constant };
    invariant(typeof source === 'string', 'a packed constant has a place on the GPU');
    return { buffer: 'arena', offset: offsetOf(source) };
  };
  const bytesOf = (buffer: Pick<Buffer, 'shape'>): number => Math.ceil(wordBytes(buffer) / 16) * 16;
  return {
    ...constants,
    arenaBytes: plan.arenaBytes,
    binding: (operand, buffer) => {
      invariant(!isPrepared(operand), 'nothing is prepared for a GPU');
      return { ...placeOf(operand), bytes: bytesOf(buffer) };
    },
    workspaces: ({ node }) => plan.temps.get(node.name) ?? [],
    offsetOf,
    outputOf: placeOf,
    bytesOf,
  };
}

/** What each result of a reshape alone, which no kernel writes, is the same memory as. */
const aliasSources = (graph: Graph): ReadonlyMap<string, string> =>
  new Map(graph.nodes.filter(isAlias).map((node) => [node.outputs[0]?.name ?? '', node.inputs[0] ?? '']));

interface PlacedConstants extends Pick<GpuLayout, 'weights' | 'constants' | 'weightsBytes'> {
  readonly places: ReadonlyMap<string | TensorData, number>;
}

/** Each distinct constant that a kernel or an output reads once, in the file one behind the other. */
function placeConstants(
  graph: Graph,
  calls: readonly KernelCall[],
  aliases: ReadonlyMap<string, string>,
): PlacedConstants {
  const known = new Map(graph.constants.map((constant) => [constant.name, constant.data]));
  const places = new Map<string | TensorData, number>();
  const byContent = new Map<string, number>();
  const constants: GpuConstant[] = [];
  const chunks: Uint8Array[] = [];
  let [inFile, at] = [0, 0];
  const place = (operand: string | TensorData): void => {
    const source = typeof operand === 'string' ? (aliases.get(operand) ?? operand) : operand;
    const data = typeof source === 'string' ? known.get(source) : source;
    if (data === undefined || places.has(source)) return;
    const bytes = bytesOf(data.data);
    const key = `${data.dtype} ${createHash('sha256').update(bytes).digest('hex')}`;
    const same = byContent.get(key);
    places.set(source, same ?? at);
    if (same !== undefined) return;
    byContent.set(key, at);
    constants.push({ dtype: data.dtype, offset: inFile, bytes: bytes.length, to: at });
    const padding = (16 - (bytes.length % 16)) % 16;
    chunks.push(bytes, new Uint8Array(padding));
    inFile += bytes.length + padding;
    at += align(4 * data.data.length);
  };
  for (const { inputs } of calls) for (const input of inputs) if (!isPrepared(input)) place(input);
  for (const { value } of graph.outputs) place(value);
  return { weights: joined(chunks), constants, weightsBytes: at, places };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
