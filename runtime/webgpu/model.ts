import type { Model, ModelInfo, Tensor, TensorInfo, Tensors, TypedArray } from '../api.ts';
import { ModelInputError } from '../errors.ts';
import type { GpuBinding, GpuProgram } from '../manifest.ts';
import { checkInputs } from '../tensor.ts';
import type { Dispatch } from './pipelines.ts';
import { fromWords, toWords } from './words.ts';

type AnyTensors = Tensors<Record<string, TypedArray>>;

/** What of a manifest a model on a GPU tells about itself. */
export type Described = Omit<ModelInfo, 'kernels'>;

/** The buffers of a model. */
export interface GpuBuffers {
  readonly weights: GPUBuffer;
  readonly arena: GPUBuffer;
  /** Into which outputs are copied, so that they can be read. */
  readonly staging: GPUBuffer;
}

/** Where an output stands in the buffer that is read: elements of a word each. */
interface Staged {
  readonly info: TensorInfo;
  readonly from: Omit<GpuBinding, 'bytes'>;
  readonly at: number;
  readonly bytes: number;
}

const elementCount = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);

/** Where the outputs of a model are staged, one behind the other, and the bytes that they take together. */
export function stagedOutputs(outputs: readonly TensorInfo[], { outputs: places }: GpuProgram): readonly Staged[] {
  let at = 0;
  return outputs.map((info, i) => {
    const bytes = 4 * elementCount(info.shape);
    const staged = { info, from: places[i] as Omit<GpuBinding, 'bytes'>, at, bytes };
    at += bytes;
    return staged;
  });
}

/** A model whose kernels run on a GPU, in one submission a run. */
export class GpuModel implements Model {
  readonly #device: GPUDevice;
  readonly #program: GpuProgram;
  readonly #info: Described;
  readonly #dispatches: readonly Dispatch[];
  readonly #outputs: readonly Staged[];
  #buffers: GpuBuffers | undefined;
  /** The last run, until it is over: the next one waits for it, since both use the same buffers. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    device: GPUDevice,
    program: GpuProgram,
    info: Described,
    { dispatches, buffers }: { readonly dispatches: readonly Dispatch[]; readonly buffers: GpuBuffers },
  ) {
    this.#device = device;
    this.#program = program;
    this.#info = info;
    this.#dispatches = dispatches;
    this.#outputs = stagedOutputs(info.outputs, program);
    this.#buffers = buffers;
  }

  info(): ModelInfo {
    return { ...this.#info, kernels: this.#dispatches.length };
  }

  async run(inputs: AnyTensors): Promise<AnyTensors> {
    const { name, inputs: expected } = this.#info;
    if (this.#buffers === undefined) throw new ModelInputError(`model ${name} was disposed of`);
    checkInputs(expected, inputs);
    // Read before the promise is returned: the caller may write over its arrays afterwards.
    const words = expected.map(({ name: input, dtype }) => {
      const { data } = inputs[input] as Tensor;
      const converted = toWords(dtype, data);
      return converted === data ? converted.slice() : converted;
    });
    const result = this.#last.then(() => this.#runNow(words));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #runNow(inputs: readonly ReturnType<typeof toWords>[]): Promise<AnyTensors> {
    const buffers = this.#buffers;
    if (buffers === undefined) throw new ModelInputError(`model ${this.#info.name} was disposed of`);
    for (const [i, words] of inputs.entries())
      this.#device.queue.writeBuffer(buffers.arena, this.#program.inputs[i] ?? 0, words as BufferSource);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, bindGroup, workgroups } of this.#dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    for (const { from, at, bytes } of this.#outputs)
      encoder.copyBufferToBuffer(buffers[from.buffer], from.offset, buffers.staging, at, bytes);
    this.#device.queue.submit([encoder.finish()]);
    await buffers.staging.mapAsync(GPUMapMode.READ);
    const read = this.#outputs.map(({ info: { name, dtype, shape }, at, bytes }) => {
      const words = buffers.staging.getMappedRange(at, bytes).slice(0);
      return [name, { dtype, shape, data: fromWords(dtype, words) }] as const;
    });
    buffers.staging.unmap();
    return Object.fromEntries(read);
  }

  dispose(): void {
    for (const buffer of Object.values(this.#buffers ?? {})) (buffer as GPUBuffer).destroy();
    this.#buffers = undefined;
  }
}
