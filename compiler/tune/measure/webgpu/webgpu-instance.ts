import { arrayFromBytes, elementCount, newArray, type TensorData } from '../../../../ir/tensor-data.ts';
import { reported } from '../../../../runtime/webgpu/device.ts';
import { fromWords, toWords } from '../../../../runtime/webgpu/words.ts';
import type { Instance } from '../bench.ts';
import type { TensorSpec, WebgpuKernelProgram } from '../programs.ts';

/** A kernel on a GPU, with its operands there. */
export interface WebgpuInstance extends Instance {
  /** Milliseconds until its first run was done, with all that this took beside it; undefined before. */
  readonly firstMs: () => number | undefined;
  /** Submits so many runs, one after the other, as one pass of which the timestamps are written where it is said. */
  readonly submit: (runs: number, timestamps?: Timestamps) => void;
  readonly destroy: () => void;
}

/** Two timestamps, that are copied to a buffer which can be read. */
export interface Timestamps {
  readonly querySet: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly readable: GPUBuffer;
}

/** What no kernel has written, or reads beyond what it is given, shows; as f32 it is no denormal. */
const POISON = 0xcdcdcdcd;
/** A binding of vectors. */
const VECTOR_BYTES = 16;

/**
 * Binds a kernel to buffers of its own; `memory` holds its operands. Rejects with GpuError where the device has no room, or
 * refuses a binding.
 */
export async function openWebgpuInstance(
  device: GPUDevice,
  program: WebgpuKernelProgram,
  pipelines: ReadonlyMap<string, GPUComputePipeline>,
  memory: Uint8Array<ArrayBuffer>,
): Promise<WebgpuInstance> {
  const buffers: GPUBuffer[] = [];
  const destroy = (): void => {
    for (const buffer of buffers) buffer.destroy();
  };
  const bound = (): readonly BoundDispatch[] => {
    for (const buffer of program.buffers) buffers.push(fill(device, buffer, memory));
    return program.dispatches.map(({ kernel, workgroups, buffers: bindings }) => {
      const pipeline = pipelines.get(kernel) as GPUComputePipeline;
      const entries = bindings.map((at, binding) => ({ binding, resource: { buffer: buffers[at] as GPUBuffer } }));
      const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      return { pipeline, bindGroup, workgroups };
    });
  };
  try {
    const dispatches = await reported(device, bound);
    const submit: WebgpuInstance['submit'] = (runs, timestamps) => submitRuns(device, dispatches, runs, timestamps);
    let firstMs: number | undefined;
    return {
      submit,
      firstMs: () => firstMs,
      run: async () => {
        const start = performance.now();
        await reported(device, () => submit(1));
        await device.queue.onSubmittedWorkDone();
        firstMs ??= performance.now() - start;
      },
      outputs: (specs) =>
        Promise.all(specs.map((spec, i) => read(device, buffers[program.results[i] ?? 0] as GPUBuffer, spec))),
      destroy,
    };
  } catch (error) {
    destroy();
    throw error;
  }
}

interface BoundDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

function fill(
  device: GPUDevice,
  { elements, from }: WebgpuKernelProgram['buffers'][number],
  memory: Uint8Array<ArrayBuffer>,
): GPUBuffer {
  const size = Math.max(VECTOR_BYTES, Math.ceil((4 * elements) / VECTOR_BYTES) * VECTOR_BYTES);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size, usage });
  device.queue.writeBuffer(buffer, 0, new Uint32Array(size / 4).fill(POISON));
  if (from === undefined || elements === 0) return buffer;
  const bytes = newArray(from.dtype, 1).byteLength * elements;
  const data = arrayFromBytes(from.dtype, memory.slice(from.address, from.address + bytes));
  device.queue.writeBuffer(buffer, 0, toWords(from.dtype, data) as BufferSource);
  return buffer;
}

function submitRuns(
  device: GPUDevice,
  dispatches: readonly BoundDispatch[],
  runs: number,
  timestamps?: Timestamps,
): void {
  const encoder = device.createCommandEncoder();
  const timestampWrites = timestamps && {
    querySet: timestamps.querySet,
    beginningOfPassWriteIndex: 0,
    endOfPassWriteIndex: 1,
  };
  const pass = encoder.beginComputePass({ ...(timestampWrites && { timestampWrites }) });
  for (let run = 0; run < runs; run++)
    for (const { pipeline, bindGroup, workgroups } of dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
    }
  pass.end();
  if (timestamps !== undefined) {
    const { querySet, resolved, readable } = timestamps;
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, readable.size);
  }
  device.queue.submit([encoder.finish()]);
}

async function read(device: GPUDevice, source: GPUBuffer, { dtype, shape }: TensorSpec): Promise<TensorData> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = await reported(device, () => {
    const buffer = device.createBuffer({ size: source.size, usage });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, buffer, 0, source.size);
    device.queue.submit([encoder.finish()]);
    return buffer;
  });
  try {
    await staging.mapAsync(GPUMapMode.READ);
    return { dtype, shape, data: fromWords(dtype, staging.getMappedRange().slice(0, 4 * elementCount(shape))) };
  } finally {
    staging.destroy();
  }
}
