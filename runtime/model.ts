import { ModelInputError } from './errors.ts';
import type { DType, Manifest, TensorSlot } from './manifest.ts';
import { checkTensor, type Tensor, type TypedArray, viewSlot } from './tensor.ts';

export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface ModelInfo {
  readonly name: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Kernel calls of one run. */
  readonly kernels: number;
  readonly threads: number;
  /** Linear memory: weights, activations and workspaces. */
  readonly memoryBytes: number;
}

type Tensors<T extends Record<string, TypedArray>> = { readonly [K in keyof T]: Tensor<T[K]> };

/**
 * A loaded model: its memory and its kernels. `I` and `O` give the arrays of the inputs and outputs by name; the
 * artifact's `index.d.ts` fills them in.
 */
export class Model<
  I extends Record<string, TypedArray> = Record<string, TypedArray>,
  O extends Record<string, TypedArray> = Record<string, TypedArray>,
> {
  readonly #manifest: Manifest;
  #memory: WebAssembly.Memory | undefined;
  #calls: readonly (() => void)[];

  constructor(manifest: Manifest, memory: WebAssembly.Memory, instance: WebAssembly.Instance) {
    this.#manifest = manifest;
    this.#memory = memory;
    this.#calls = manifest.plan.map(({ kernel, operands }) => {
      const run = instance.exports[kernel] as (...addresses: number[]) => void;
      return () => run(...operands);
    });
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
      memoryBytes: memory.bytes,
    };
  }

  /**
   * Runs the model once. Every input is given by its name; the outputs are copies that later runs do not change.
   * Throws ModelInputError where an input is missing, unknown, or of another dtype or shape.
   */
  async run(inputs: Tensors<I>): Promise<Tensors<O>> {
    const memory = this.#memory;
    if (memory === undefined) throw new ModelInputError(`model ${this.#manifest.name} was disposed of`);
    this.#place(memory, inputs);
    for (const call of this.#calls) call();
    const outputs = this.#manifest.outputs.map((slot) => [
      slot.name,
      { dtype: slot.dtype, shape: slot.shape, data: viewSlot(memory.buffer, slot).slice() },
    ]);
    return Object.fromEntries(outputs) as Tensors<O>;
  }

  /** Lets go of memory and kernels. A later `run` throws. */
  dispose(): void {
    this.#memory = undefined;
    this.#calls = [];
  }

  #place(memory: WebAssembly.Memory, inputs: Tensors<I>): void {
    const slots = this.#manifest.inputs;
    for (const name of Object.keys(inputs)) {
      if (slots.some((slot) => slot.name === name)) continue;
      const known = slots.map((slot) => JSON.stringify(slot.name)).join(', ');
      throw new ModelInputError(`the model has no input ${JSON.stringify(name)}; it has ${known || 'none'}`);
    }
    for (const slot of slots) {
      const tensor = inputs[slot.name];
      if (tensor === undefined) throw new ModelInputError(`input ${JSON.stringify(slot.name)} is missing`);
      checkTensor(slot, tensor);
    }
    for (const slot of slots) {
      const target = viewSlot(memory.buffer, slot) as { set(data: TypedArray): void };
      target.set((inputs[slot.name] as Tensor).data);
    }
  }
}
