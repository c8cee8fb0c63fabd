import type { TensorInfo } from '../api.ts';
import type { GpuProgram, Manifest, TensorSlot } from '../manifest.ts';
import { viewElements } from '../tensor.ts';
import { ownDevice } from './device.ts';
import { type GpuBuffers, GpuModel, stagedOutputs } from './model.ts';
import { bindDispatches, type Dispatch, makePipelines } from './pipelines.ts';
import { toWords } from './words.ts';

/** The files of a program. */
export interface GpuFiles {
  readonly code: string;
  readonly weights: Uint8Array;
}

/**
 * Loads a program onto a device, the caller's or one of its own: all pipelines are there, and all constants, when the
 * promise resolves. Throws GpuError where there is no device, or it cannot hold the model.
 */
export async function loadOnGpu(
  manifest: Manifest,
  program: GpuProgram,
  { code, weights }: GpuFiles,
  given?: GPUDevice,
): Promise<GpuModel> {
  const device = given ?? (await ownDevice(program));
  const info = ({ name, dtype, shape }: TensorSlot): TensorInfo => ({ name, dtype, shape });
  const described = {
    name: manifest.name,
    inputs: manifest.inputs.map(info),
    outputs: manifest.outputs.map(info),
    threads: 1,
    features: [],
    memoryBytes: program.arenaBytes + program.weightsBytes,
  };
  const [last] = stagedOutputs(described.outputs, program).slice(-1);
  const placed = await placeOnGpu(device, program, { code, weights }, last === undefined ? 0 : last.at + last.bytes);
  return new GpuModel(device, program, described, placed);
}

/** A program on a device, ready to run. */
export interface PlacedProgram {
  readonly dispatches: readonly Dispatch[];
  readonly buffers: GpuBuffers;
}

/** Makes the pipelines, the buffers (`staged` bytes for outputs), and what binds them; fills in the constants. */
export async function placeOnGpu(
  device: GPUDevice,
  program: GpuProgram,
  { code, weights }: GpuFiles,
  staged: number,
): Promise<PlacedProgram> {
  const pipelines = makePipelines(device, program, code);
  const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const make = (label: string, size: number, usage: number): GPUBuffer =>
    device.createBuffer({ label, size: Math.max(256, Math.ceil(size / 16) * 16), usage });
  const buffers = {
    weights: make('weights', program.weightsBytes, storage),
    arena: make('arena', program.arenaBytes, storage),
    staging: make('outputs', staged, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST),
  };
  for (const { dtype, offset, bytes, to } of program.constants) {
    const words = toWords(dtype, viewElements(weights, dtype, offset, bytes));
    device.queue.writeBuffer(buffers.weights, to, words as BufferSource);
  }
  return { dispatches: bindDispatches(device, program, await pipelines, buffers), buffers };
}
