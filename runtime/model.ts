import type { Feature, Model, ModelInfo, Tensor, TensorInfo, Tensors, TypedArray } from './api.ts';
import { ArtifactError, ModelInputError } from './errors.ts';
import type { Manifest, Step, TensorSlot } from './manifest.ts';
import { checkTensor, viewSlot } from './tensor.ts';

type AnyTensors = Tensors<Record<string, TypedArray>>;

/** Owns the memory of a model and calls its kernels in the order of the plan. */
export class LoadedModel implements Model {
  readonly #manifest: Manifest;
  readonly #features: readonly Feature[];
  #memory: WebAssembly.Memory | undefined;
  #calls: readonly (() => void)[];

  /** Throws ArtifactError where the plan calls a kernel that the module lacks. */
  constructor(
    manifest: Manifest,
    memory: WebAssembly.Memory,
    instance: WebAssembly.Instance,
    features: readonly Feature[],
  ) {
    this.#manifest = manifest;
    this.#features = features;
    this.#memory = memory;
    this.#calls = manifest.plan.map((step) => bind(step, instance.exports));
  }

  info(): ModelInfo {
    const { name, inputs, outputs, plan, memory } = this.#manifest;
    const info = ({ name, dtype, shape }: TensorSlot): TensorInfo => ({ name, dtype, shape });
    return {
      name,
      inputs: inputs.map(info),
      outputs: outputs.map(info),
      kernels: plan.length,
      threads: 1,
      features: this.#features,
      memoryBytes: memory.bytes,
    };
  }

  /** Nothing is awaited between reading the inputs and copying the outputs: runs at the same time do not mix. */
  async run(inputs: AnyTensors): Promise<AnyTensors> {
    const memory = this.#memory;
    if (memory === undefined) throw new ModelInputError(`model ${this.#manifest.name} was disposed of`);
    checkInputs(this.#manifest.inputs, inputs);
    for (const slot of this.#manifest.inputs) {
      const target = viewSlot(memory.buffer, slot) as { set(data: TypedArray): void };
      target.set((inputs[slot.name] as Tensor).data);
    }
    for (const call of this.#calls) call();
    return Object.fromEntries(
      this.#manifest.outputs.map((slot) => [
        slot.name,
        { dtype: slot.dtype, shape: slot.shape, data: viewSlot(memory.buffer, slot).slice() },
      ]),
    );
  }

  dispose(): void {
    this.#memory = undefined;
    this.#calls = [];
  }
}

function bind({ kernel, operands }: Step, exports: WebAssembly.Exports): () => void {
  const run = exports[kernel] as (...addresses: readonly number[]) => void;
  if (typeof run !== 'function')
    throw new ArtifactError(`the plan calls ${kernel}, which is no kernel of the artifact`);
  return () => run(...operands);
}

function checkInputs(expected: readonly TensorInfo[], inputs: AnyTensors): void {
  for (const name of Object.keys(inputs ?? {})) {
    if (expected.some((input) => input.name === name)) continue;
    const known = expected.map((input) => JSON.stringify(input.name)).join(', ');
    throw new ModelInputError(`the model has no input ${JSON.stringify(name)}; it has ${known || 'none'}`);
  }
  for (const input of expected) {
    const tensor = inputs?.[input.name];
    if (tensor === undefined) throw new ModelInputError(`input ${JSON.stringify(input.name)} is missing`);
    checkTensor(input, tensor);
  }
}
