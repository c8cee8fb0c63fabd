import type { ArtifactFiles } from '../api.ts';
import type { WebgpuProgram } from '../manifest.ts';
import { arrays } from '../tensor.ts';
import type { DeviceChoice, WebgpuOptions } from './api.ts';
import { openDevice, reported } from './device.ts';
import { type BoundHostStep, bindHostStep, type Host, openHost } from './host.ts';
import { bindDispatch, type Dispatch, makePipelines } from './pipelines.ts';
import { toWords } from './words.ts';

/** A program on a device, ready to run. */
export interface PlacedProgram {
  readonly device: GPUDevice;
  /** Those of the program, in its order. */
  readonly buffers: readonly GPUBuffer[];
  readonly steps: readonly (Dispatch | BoundHostStep)[];
  readonly host?: Host;
}

/** A program on a device that may be its own. */
export interface OpenProgram extends PlacedProgram {
  readonly isOwnDevice: boolean;
}

type ReadFile = (file: string) => Promise<Uint8Array>;

/** Opens a program, from its files anew each time, on the device that is chosen. */
export const opener =
  (program: WebgpuProgram, read: ReadFile, onProgress: WebgpuOptions['onProgress']) =>
  async (choice: DeviceChoice): Promise<OpenProgram> => {
    const files = await readFiles(program, read);
    const { device, isOwn } = await openDevice(program.limits, choice);
    try {
      return { ...(await placeOnGpu(device, program, files, onProgress)), isOwnDevice: isOwn };
    } catch (error) {
      if (isOwn) device.destroy();
      throw error;
    }
  };

/** The files that a program names. */
export async function readFiles({ shaders, constants, host }: WebgpuProgram, read: ReadFile): Promise<ArtifactFiles> {
  const ofHost = host === undefined ? [] : [host.kernels, ...host.weights.map(({ file }) => file)];
  const names = new Set([shaders, ...constants.map(({ file }) => file), ...ofHost]);
  return Object.fromEntries(await Promise.all([...names].map(async (name) => [name, await read(name)] as const)));
}

/**
 * Makes the pipelines, the buffers, and what binds them; fills in the constants. Throws ArtifactError where a kernel is
 * refused, GpuError for what else the device reports.
 */
export async function placeOnGpu(
  device: GPUDevice,
  program: WebgpuProgram,
  files: ArtifactFiles,
  onProgress?: WebgpuOptions['onProgress'],
): Promise<PlacedProgram> {
  const code = new TextDecoder().decode(files[program.shaders]);
  const [pipelines, host] = await Promise.all([
    makePipelines(device, program, code, onProgress),
    program.host && openHost(program.host, files),
  ]);
  const buffers: GPUBuffer[] = [];
  try {
    const steps = await reported(device, () => {
      for (const { role, bytes } of program.buffers) buffers.push(storage(device, role, bytes));
      fillIn(device, program, files, buffers);
      return program.plan.map((step) =>
        step.kind === 'dispatch'
          ? bindDispatch(device, step, pipelines, buffers)
          : bindHostStep(step, program.host as NonNullable<typeof program.host>, host as Host),
      );
    });
    return { device, buffers, steps, ...(host && { host }) };
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
  { constants }: WebgpuProgram,
  files: ArtifactFiles,
  buffers: readonly GPUBuffer[],
): void {
  for (const { dtype, file, offset, bytes, to } of constants) {
    // A copy, to be aligned; `slice` of Node's Buffer is none.
    const copy = new Uint8Array((files[file] as Uint8Array).subarray(offset, offset + bytes));
    const elements = new arrays[dtype](copy.buffer);
    device.queue.writeBuffer(buffers[to.buffer] as GPUBuffer, to.offset, toWords(dtype, elements) as BufferSource);
  }
}
