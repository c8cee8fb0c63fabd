import { createHash } from 'node:crypto';
import { invariant } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { Buffer } from '../../ir/tensor/tensor-func.ts';
import { bytesOf, type TensorData } from '../../ir/tensor-data.ts';
import type { GpuBuffer, GpuPlace, WebgpuBinding, WebgpuConstant } from '../../runtime/manifest.ts';
import type { WebgpuWeights } from '../artifact/weights.ts';
import { type MemoryRules, planMemory, startWithin } from '../graph-passes/plan-memory.ts';
import { aliasSources, isPrepared, type KernelCall, type Operand, sourceOf } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';

/**
 * A binding begins at a multiple of 256 bytes by the default limits, and holds a vector; elements take a word each;
 * operands do not alias. A buffer has 256 MiB at most by the default limits.
 */
const webgpuMemory: MemoryRules = {
  alignment: 256,
  elementBytes: () => 4,
  inPlace: false,
  leastBytes: 16,
  bufferBytes: 256 * 2 ** 20,
};

const align = (bytes: number): number => Math.ceil(bytes / webgpuMemory.alignment) * webgpuMemory.alignment;

/** Where everything stands in the buffers of a GPU, in bytes. */
export interface WebgpuLayout {
  /** Constants first, then the arena: one buffer of each, more where they are large. */
  readonly buffers: readonly GpuBuffer[];
  readonly constants: readonly WebgpuConstant[];
  readonly binding: (operand: Operand, buffer: Buffer) => WebgpuBinding;
  /** Of the workspaces of a call: what its phases share, then the global temporaries of each. */
  readonly workspaces: (call: KernelCall, buffer: Buffer, at: number) => WebgpuBinding;
  /** Where a value stands; undefined where it has no place on the GPU. */
  readonly placeOf: (value: string) => GpuPlace | undefined;
}

/** The workspaces that a call binds. */
const globalWorkspaces = ({ kernel: { shared, lowered } }: KernelCall): readonly Buffer[] => [
  ...shared,
  ...lowered.flatMap(({ temps }) => temps.filter(({ scope }) => scope === 'global')),
];

const wordBytes = ({ shape }: Pick<Buffer, 'shape'>): number => 4 * staticElements(shape);

/** What a binding of a buffer takes: whole vectors. */
const bindingBytes = (buffer: Pick<Buffer, 'shape'>): number => Math.max(16, Math.ceil(wordBytes(buffer) / 16) * 16);

/** Each distinct constant that a kernel or an output reads, by what operands call it. */
export function webgpuConstants(
  graph: Graph,
  calls: readonly KernelCall[],
): ReadonlyMap<string | TensorData, TensorData> {
  const aliases = aliasSources(graph);
  const known = new Map(graph.constants.map((constant) => [constant.name, constant.data]));
  const read = new Map<string | TensorData, TensorData>();
  const add = (operand: string | TensorData): void => {
    const source = typeof operand === 'string' ? sourceOf(operand, aliases) : operand;
    const data = typeof source === 'string' ? known.get(source) : source;
    if (data !== undefined) read.set(source, data);
  };
  for (const { inputs } of calls) for (const input of inputs) if (!isPrepared(input)) add(input);
  for (const { value } of graph.outputs) add(value);
  return read;
}

/** The constants are those of `webgpuConstants`, and stand in files where `weights` says. */
export function layoutForWebgpu(
  graph: Graph,
  calls: readonly KernelCall[],
  read: ReadonlyMap<string | TensorData, TensorData>,
  weights: WebgpuWeights,
): WebgpuLayout {
  const temps = new Map(calls.map((call) => [call.node.name, globalWorkspaces(call).map(wordBytes)]));
  const plan = planMemory(graph, temps, webgpuMemory);
  const aliases = aliasSources(graph);
  const { places, constants, buffers } = placeConstants(read, weights);
  const arenas = buffersOf('arena', plan.arenaBytes, plan.bufferBytes);
  const inArena = (offset: number): GpuPlace => ({
    buffer: buffers.length + Math.floor(offset / plan.bufferBytes),
    offset: offset % plan.bufferBytes,
  });
  const placeOf = (operand: string | TensorData): GpuPlace | undefined => {
    const source = typeof operand === 'string' ? sourceOf(operand, aliases) : operand;
    const constant = places.get(source);
    if (constant !== undefined) return constant;
    const offset = typeof source === 'string' ? plan.values.get(source) : undefined;
    return offset === undefined ? undefined : inArena(offset);
  };
  return {
    buffers: [...buffers, ...arenas],
    constants,
    binding: (operand, buffer) => {
      invariant(!isPrepared(operand), 'nothing is prepared for a GPU');
      const place = placeOf(operand);
      invariant(place !== undefined, `operand ${typeof operand === 'string' ? operand : 'constant'} is on the GPU`);
      return { ...place, bytes: bindingBytes(buffer) };
    },
    workspaces: ({ node }, buffer, at) => {
      const offset = plan.temps.get(node.name)?.[at];
      invariant(offset !== undefined, `workspace ${buffer.name} of ${node.name} has a place`);
      return { ...inArena(offset), bytes: bindingBytes(buffer) };
    },
    placeOf,
  };
}

/** So many bytes in buffers of a size, but the last. */
const buffersOf = (role: GpuBuffer['role'], bytes: number, most: number): readonly GpuBuffer[] =>
  Array.from({ length: Math.ceil(bytes / most) }, (_, i) => ({ role, bytes: Math.min(most, bytes - i * most) }));

interface PlacedConstants {
  readonly places: ReadonlyMap<string | TensorData, GpuPlace>;
  readonly constants: readonly WebgpuConstant[];
  readonly buffers: readonly GpuBuffer[];
}

/** Equal constants stand in one place. */
function placeConstants(read: ReadonlyMap<string | TensorData, TensorData>, weights: WebgpuWeights): PlacedConstants {
  const sizeOf = ({ data }: TensorData): number => align(Math.max(webgpuMemory.leastBytes, 4 * data.length));
  const most = Math.max(webgpuMemory.bufferBytes, ...[...read.values()].map(sizeOf));
  const places = new Map<string | TensorData, GpuPlace>();
  const byContent = new Map<string, GpuPlace>();
  const constants: WebgpuConstant[] = [];
  let end = 0;
  for (const [source, data] of read) {
    const bytes = bytesOf(data.data);
    const key = `${data.dtype} ${createHash('sha256').update(bytes).digest('hex')}`;
    const same = byContent.get(key);
    const at = startWithin(end, sizeOf(data), most);
    const place = same ?? { buffer: Math.floor(at / most), offset: at % most };
    places.set(source, place);
    if (same !== undefined) continue;
    byContent.set(key, place);
    constants.push({ dtype: data.dtype, ...weights.placeOf(data), bytes: bytes.length, to: place });
    end = at + sizeOf(data);
  }
  return { places, constants, buffers: buffersOf('weights', end, most) };
}
