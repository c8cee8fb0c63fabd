import type { ArtifactFiles } from '../api.ts';
import type { WebgpuProgram } from '../manifest.ts';
import { arrays } from '../tensor.ts';
import type { DeviceChoice, GpuFeature, WebgpuOptions } from './api.ts';
import { openDevice, reported } from './device.ts';
import { type KernelText, kernelTexts, shadersWith } from './features.ts';
import { type BoundHostStep, bindHostStep, type Host, openHost } from './host.ts';
import { bindDispatch, type Dispatch, makePipelines } from './pipelines.ts';
import { reordered } from './reordered.ts';
import { toWords } from './words.ts';

/** A program on a device, ready to run. */
export interface PlacedProgram {
  readonly device: GPUDevice;
  /** Those of the program, in its order. */
  readonly buffers: readonly GPUBuffer[];
  readonly steps: readonly (Dispatch | BoundHostStep)[];
  /** Whether f16 stands in halves of words, which is what kernels with the feature read. */
  readonly halves: boolean;
  readonly host?: Host;
}

/** A program on a device that may be its own, and what its kernels require of that. */
export interface OpenProgram extends PlacedProgram {
  readonly isOwnDevice: boolean;
  readonly features: readonly GpuFeature[];
}

type ReadFile = (file: string) => Promise<Uint8Array>;

/** Opens a program, from its files anew each time, on the device that is chosen. */
export const opener =
  (program: WebgpuProgram, read: ReadFile, { features: wanted, onProgress }: WebgpuOptions) =>
  async (choice: DeviceChoice): Promise<OpenProgram> => {
    const { device, isOwn, features } = await openDevice(program, choice, wanted);
    try {
      const placed = await placeOnGpu(device, await readProgram(program, features, read), onProgress);
      return { ...placed, isOwnDevice: isOwn, features };
    } catch (error) {
      if (isOwn) device.destroy();
      throw error;
    }
  };

/** A program with all that it needs to run with some features. */
export interface ReadProgram {
  readonly program: WebgpuProgram;
  readonly kernels: ReadonlyMap<string, KernelText>;
  readonly halves: boolean;
  readonly files: ArtifactFiles;
}

/** Reads the files that a program needs to use these features. */
export async function readProgram(
  program: WebgpuProgram,
  features: readonly GpuFeature[],
  read: ReadFile,
): Promise<ReadProgram> {
  const { constants, host } = program;
  const shaders = shadersWith(program, features);
  const ofHost = host === undefined ? [] : [host.kernels, ...host.weights.map(({ file }) => file)];
  const names = new Set([...[...shaders, ...constants].map(({ file }) => file), ...ofHost]);
  const entries = [...names].map(async (name) => [name, await read(name)] as const);
  const files: ArtifactFiles = Object.fromEntries(await Promise.all(entries));
  const kernels = kernelTexts(shaders, (file) => new TextDecoder().decode(files[file]));
  return { program, kernels, halves: features.includes('shader-f16'), files };
}

/**
 * Makes the pipelines, the buffers, and what binds them; fills in the constants. Throws ArtifactError where a kernel is
 * refused, GpuError for what else the device reports.
 */
export async function placeOnGpu(
  device: GPUDevice,
  { program, kernels, halves, files }: ReadProgram,
  onProgress?: WebgpuOptions['onProgress'],
): Promise<PlacedProgram> {
  const [pipelines, host] = await Promise.all([
    makePipelines(device, kernels, onProgress),
    program.host && openHost(program.host, files),
  ]);
  const buffers: GPUBuffer[] = [];
  try {
    const steps = await reported(device, () => {
      for (const { role, bytes } of program.buffers) buffers.push(storage(device, role, bytes));
      fillIn(device, { program, halves, files }, buffers);
      return program.plan.map((step) =>
        step.kind === 'dispatch'
          ? bindDispatch(device, step, pipelines, buffers)
          : bindHostStep(step, program.host as NonNullable<typeof program.host>, host as Host),
      );
    });
    return { device, buffers, steps, halves, ...(host && { host }) };
  } catch (error) {
    for (const buffer of buffers) buffer.destroy();
    throw error;
  }
}

/** A buffer for values, of whole vectors. */
export const storage = (device: GPUDevice, label: string, bytes: number): GPUBuffer =>
  device.createBuffer({
    label,
    size: Math.max(16, Math.ceil(bytes / 16) * 16),
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });

function fillIn(
  device: GPUDevice,
  { program, halves, files }: Omit<ReadProgram, 'kernels'>,
  buffers: readonly GPUBuffer[],
): void {
  for (const { dtype, file, offset, bytes, order, to } of program.constants) {
    // A copy, to be aligned; `slice` of Node's Buffer is none.
    const copy = new Uint8Array((files[file] as Uint8Array).subarray(offset, offset + bytes));
    const elements = new arrays[dtype](copy.buffer);
    const words = toWords(dtype, order === undefined ? elements : reordered(elements, order), halves);
    device.queue.writeBuffer(buffers[to.buffer] as GPUBuffer, to.offset, words as BufferSource);
  }
}
