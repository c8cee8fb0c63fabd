import { byteSize } from '../../ir/dtype.ts';
import { invariant, UnsupportedError } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { Buffer, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import type { Preparation } from '../../runtime/manifest.ts';
import { type MemoryPlan, planMemory } from '../graph-passes/plan-memory.ts';
import {
  aliasSources,
  isPrepared,
  type KernelCall,
  type Operand,
  type Prepared,
  sourceOf,
  workspaces,
} from '../kernels.ts';
import { staticElements } from '../static-shape.ts';
import { originsOf } from './reorder.ts';
import {
  type Constant,
  type Origins,
  type PlacedWeights,
  placeWeights,
  type WebgpuWeights,
  type WeightsFile,
} from './weights.ts';

/**
 * Where everything stands in the model's linear memory: weights first, then the arena, then what is prepared of weights
 * when an artifact is loaded. Bytes throughout.
 */
export interface Layout {
  /** The files of the weights, in the order in which what stays of them stands in memory. */
  readonly weights: readonly WeightsFile[];
  readonly weightsOffset: number;
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
  readonly inFile: Preparation['weights'];
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

/** What runs in a linear memory of its own: a variant of a model, or what a GPU leaves to the processor. */
export interface WasmProgram {
  /** By which its files of weights are named. */
  readonly label: string;
  readonly graph: Graph;
  readonly calls: readonly KernelCall[];
}

export interface Layouts {
  /** Of each program. */
  readonly programs: readonly Layout[];
  readonly webgpu: WebgpuWeights;
}

/** The layout of a model that has no variants. */
export const layoutMemory = (graph: Graph, calls: readonly KernelCall[]): Layout =>
  layoutPrograms([{ label: '0', graph, calls }]).programs[0] as Layout;

/**
 * A layout for each program, which share files of weights with one another, and with a GPU where `onGpu` says what that
 * reads. Throws UnsupportedError where a program needs more memory than kernels can address.
 */
export function layoutPrograms(
  programs: readonly WasmProgram[],
  onGpu?: { readonly constants: readonly TensorData[]; readonly origins: Origins },
): Layouts {
  const constants = programs.map(({ graph, calls }) => constantsRead(graph, calls));
  const users = programs.map(({ label }, i) => ({ label, constants: [...(constants[i] as ConstantsRead).values()] }));
  const origins = onGpu && [...programs.map(({ graph, calls }) => originsOf(graph.constants, calls)), onGpu.origins];
  const placed = placeWeights(users, onGpu?.constants, new Map(origins?.flatMap((some) => [...some])));
  return {
    programs: programs.map(({ graph, calls }, i) =>
      layoutProgram(graph, calls, {
        constants: constants[i] as ConstantsRead,
        placed: placed.programs[i] as PlacedWeights,
      }),
    ),
    webgpu: placed.webgpu,
  };
}

/** The constants that a program reads, by what operands call them. */
type ConstantsRead = ReadonlyMap<string | TensorData, Constant>;

interface Weights {
  readonly constants: ConstantsRead;
  readonly placed: PlacedWeights;
}

function layoutProgram(graph: Graph, calls: readonly KernelCall[], weights: Weights): Layout {
  const temps = new Map(
    calls.map((call) => [
      call.node.name,
      workspaces(call.kernel).map((buffer) => staticElements(buffer.shape) * byteSize(buffer.dtype)),
    ]),
  );
  const plan = planMemory(graph, temps);
  const sources = aliasSources(graph);
  const arena = align(weightsOffset + weights.placed.residentBytes);
  const preparations = placePreparations(calls, weights, arena, plan.arenaBytes);
  const places = new Map(preparations.map(({ prepared, to }) => [prepared, to]));
  const address = (operand: Operand): number => {
    if (isPrepared(operand)) return places.get(operand) ?? 0;
    const source = typeof operand === 'string' ? sourceOf(operand, sources) : operand;
    const weight = weights.constants.get(source);
    if (weight !== undefined) return weightsOffset + weights.placed.placeOf(weight).inMemory;
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
    weights: weights.placed.files,
    weightsOffset,
    preparations,
    totalBytes,
    arenaBytes: plan.arenaBytes,
    liveValues: plan.liveValues,
    address,
    workspaces: (call) => (plan.temps.get(call.node.name) ?? []).map((offset) => arena + offset),
  };
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
    const read = weights.constants.get(constant);
    invariant(read !== undefined, `the constant that ${preparation.name} reads has a place`);
    const { file, offset } = weights.placed.placeOf(read);
    const to = align(end);
    end = to + preparedBytes(prepared);
    const places = offsetsOf([...preparation.inputs, ...preparation.temps]).map((place) => arena + place);
    const inFile = { file, offset, bytes: bytesOfBuffers(preparation.inputs) };
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

/** Each constant that a kernel or an output reads; those of which only operands are prepared come last. */
function constantsRead(graph: Graph, calls: readonly KernelCall[]): ConstantsRead {
  const sources = aliasSources(graph);
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant.data]));
  const read = new Map<string | TensorData, Constant>();
  const add = (operand: string | TensorData, isResident: boolean): void => {
    const source = typeof operand === 'string' ? sourceOf(operand, sources) : operand;
    const data = typeof source === 'string' ? constants.get(source) : source;
    if (data !== undefined && !read.has(source)) read.set(source, { data, isResident });
  };
  for (const call of calls) for (const input of call.inputs) if (!isPrepared(input)) add(input, true);
  for (const output of graph.outputs) add(output.value, true);
  for (const { constant } of preparedOperands(calls)) add(constant, false);
  return read;
}
