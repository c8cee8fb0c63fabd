import type { Tensor, TensorInfo, TypedArray } from '../api.ts';
import type { GpuPlace, ValuePlaces, WebgpuProgram } from '../manifest.ts';
import { copySlot, elementCount, viewSlot } from '../tensor.ts';
import type { GpuTensor } from './api.ts';
import { reported } from './device.ts';
import type { BoundHostStep, Host } from './host.ts';
import type { GivenInput } from './inputs.ts';
import { type OpenProgram, storage } from './load.ts';
import type { Dispatch } from './pipelines.ts';
import { type Source, submit } from './transfer.ts';
import { fromWords, gpuBytes, toWords } from './words.ts';

/** Dispatches that are submitted together, and what the host does when they have ended. */
interface Segment {
  readonly dispatches: readonly Dispatch[];
  readonly host?: BoundHostStep;
}

/** An open program with what its runs need. */
export interface Executable extends OpenProgram {
  readonly segments: readonly Segment[];
  readonly outputs: readonly Output[];
  /** Into which words are copied, so that they can be read. */
  readonly staging: GPUBuffer;
}

interface Output {
  readonly info: TensorInfo;
  readonly places: ValuePlaces;
}

const bytesOf = ({ dtype, shape }: TensorInfo, { halves }: Pick<OpenProgram, 'halves'>): number =>
  gpuBytes(dtype, elementCount(shape), halves);

/** Throws GpuError where there is no memory for what runs need. */
export async function makeExecutable(
  open: OpenProgram,
  { inputs: inputPlaces, outputs: outputPlaces }: WebgpuProgram,
  { inputs, outputs }: { readonly inputs: readonly TensorInfo[]; readonly outputs: readonly TensorInfo[] },
): Promise<Executable> {
  const { device, steps } = open;
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const staged = [
    sum(outputs.map((info) => bytesOf(info, open))),
    sum(inputs.map((info, i) => (inputPlaces[i]?.host === undefined ? 0 : bytesOf(info, open)))),
    ...steps.map((step) =>
      step.kind === 'host' ? sum(step.reads.map(({ dtype, elements }) => gpuBytes(dtype, elements, open.halves))) : 0,
    ),
  ];
  const size = Math.max(16, ...staged);
  const staging = await reported(device, () =>
    device.createBuffer({ label: 'staging', size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
  );
  const placed = outputs.map((info, i) => ({ info, places: outputPlaces[i] as ValuePlaces }));
  return { ...open, segments: segmentsOf(steps), outputs: placed, staging };
}

/** The last has no step of the host. */
function segmentsOf(steps: OpenProgram['steps']): readonly Segment[] {
  const segments: Segment[] = [];
  let dispatches: Dispatch[] = [];
  for (const step of steps) {
    if (step.kind === 'dispatch') dispatches.push(step);
    else {
      segments.push({ dispatches, host: step });
      dispatches = [];
    }
  }
  return [...segments, { dispatches }];
}

/** Lets go of all that is not the caller's. */
export function release({ device, isOwnDevice, buffers, staging }: Executable): void {
  for (const buffer of [...buffers, staging]) buffer.destroy();
  if (isOwnDevice) device.destroy();
}

type Results<T> = Readonly<Record<string, T>>;

/** Runs a program once, and gives its outputs in memory. */
export async function runToHost(program: Executable, inputs: readonly GivenInput[]): Promise<Results<Tensor>> {
  const { outputs, host } = program;
  const onGpu = outputs.filter(({ places }) => places.gpu !== undefined);
  const sources = onGpu.map(({ info, places }) => sourceAt(program, places.gpu as GpuPlace, bytesOf(info, program)));
  const words = await runAll(program, inputs, () => undefined, sources);
  const tensors = outputs.map((output): readonly [string, Tensor] => {
    const { name, dtype, shape } = output.info;
    const at = onGpu.indexOf(output);
    const data =
      at >= 0
        ? fromWords(dtype, words[at] as ArrayBuffer, program.halves, elementCount(shape))
        : copySlot((host as Host).memory, { ...output.info, offset: output.places.host as number });
    return [name, { dtype, shape, data }];
  });
  return Object.fromEntries(tensors);
}

/** Runs a program once, and gives its outputs in new buffers of the GPU. */
export async function runToGpu(program: Executable, inputs: readonly GivenInput[]): Promise<Results<GpuTensor>> {
  const { device, outputs, host } = program;
  const made: GPUBuffer[] = [];
  const copyOutputs = (encoder: GPUCommandEncoder): void => {
    for (const { info, places } of outputs) {
      const buffer = storage(device, info.name, bytesOf(info, program));
      made.push(buffer);
      if (places.gpu !== undefined) {
        const { buffer: from, offset } = places.gpu;
        encoder.copyBufferToBuffer(program.buffers[from] as GPUBuffer, offset, buffer, 0, bytesOf(info, program));
      } else {
        const data = viewSlot((host as Host).memory, { ...info, offset: places.host as number });
        device.queue.writeBuffer(buffer, 0, toWords(info.dtype, data, program.halves) as BufferSource);
      }
    }
  };
  try {
    await runAll(program, inputs, copyOutputs, []);
  } catch (error) {
    for (const buffer of made) buffer.destroy();
    throw error;
  }
  const tensors = outputs.map(({ info: { name, dtype, shape } }, i): readonly [string, GpuTensor] => [
    name,
    { dtype, shape, data: made[i] as GPUBuffer },
  ]);
  return Object.fromEntries(tensors);
}

const sourceAt = ({ buffers }: Executable, { buffer, offset }: GpuPlace, bytes: number): Source => ({
  buffer: buffers[buffer] as GPUBuffer,
  offset,
  bytes,
});

/** Runs all steps; `last` adds to the last commands, after which `sources` are read. */
async function runAll(
  program: Executable,
  inputs: readonly GivenInput[],
  last: (encoder: GPUCommandEncoder) => void,
  sources: readonly Source[],
): Promise<readonly ArrayBuffer[]> {
  const { device, segments, staging, host, halves } = program;
  await giveHost(program, inputs);
  let before = (encoder: GPUCommandEncoder): void => giveGpu(program, inputs, encoder);
  for (const { dispatches, host: step } of segments) {
    const encode = (encoder: GPUCommandEncoder): void => {
      before(encoder);
      encodeDispatches(encoder, dispatches);
      if (step === undefined) last(encoder);
    };
    if (step === undefined) return submit(device, encode, sources, staging);
    const { memory } = host as Host;
    const reads = step.reads.map(({ dtype, gpu, elements }) =>
      sourceAt(program, gpu, gpuBytes(dtype, elements, halves)),
    );
    const words = await submit(device, encode, reads, staging);
    step.reads.forEach(({ dtype, elements, host: offset }, i) => {
      const read = fromWords(dtype, words[i] as ArrayBuffer, halves, elements);
      write(memory, { name: '', dtype, shape: [elements] }, offset, read);
    });
    step.run();
    before = () => {
      for (const { dtype, elements, gpu, host: offset } of step.writes) {
        const data = viewSlot(memory, { name: '', dtype, shape: [elements], offset });
        device.queue.writeBuffer(
          program.buffers[gpu.buffer] as GPUBuffer,
          gpu.offset,
          toWords(dtype, data, halves) as BufferSource,
        );
      }
    };
  }
  return [];
}

function encodeDispatches(encoder: GPUCommandEncoder, dispatches: readonly Dispatch[]): void {
  if (dispatches.length === 0) return;
  const pass = encoder.beginComputePass();
  for (const { pipeline, bindGroup, workgroups } of dispatches) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...workgroups);
  }
  pass.end();
}

function giveGpu(program: Executable, inputs: readonly GivenInput[], encoder: GPUCommandEncoder): void {
  const { device, buffers, halves } = program;
  for (const { info, places, elements, buffer } of inputs) {
    if (places.gpu === undefined) continue;
    const [target, { offset }] = [buffers[places.gpu.buffer] as GPUBuffer, places.gpu];
    if (elements !== undefined)
      device.queue.writeBuffer(target, offset, toWords(info.dtype, elements, halves) as BufferSource);
    else if (buffer !== undefined) encoder.copyBufferToBuffer(buffer, 0, target, offset, bytesOf(info, program));
  }
}

/** Inputs that kernels of the host read; those on the GPU have to be read from there. */
async function giveHost(program: Executable, inputs: readonly GivenInput[]): Promise<void> {
  const { device, staging, host, halves } = program;
  if (host === undefined) return;
  const wanted = inputs.filter(({ places }) => places.host !== undefined);
  const onGpu = wanted.filter(({ buffer }) => buffer !== undefined);
  const sources = onGpu.map(({ info, buffer }) => ({
    buffer: buffer as GPUBuffer,
    offset: 0,
    bytes: bytesOf(info, program),
  }));
  const words = onGpu.length === 0 ? [] : await submit(device, () => undefined, sources, staging);
  for (const input of wanted) {
    const at = onGpu.indexOf(input);
    const { dtype, shape } = input.info;
    const elements = at < 0 ? input.elements : fromWords(dtype, words[at] as ArrayBuffer, halves, elementCount(shape));
    write(host.memory, input.info, input.places.host as number, elements as TypedArray);
  }
}

function write(memory: ArrayBuffer, info: TensorInfo, offset: number, elements: TypedArray): void {
  const target = viewSlot(memory, { ...info, offset }) as { set(data: TypedArray): void };
  target.set(elements);
}
