import type { Model, ModelInfo, Tensor, TensorInfo, Tensors, TypedArray } from './api.ts';
import { ModelInputError } from './errors.ts';
import type { Manifest, TensorSlot } from './manifest.ts';
import { bindPlan } from './program.ts';
import { checkInputs, copySlot, viewSlot } from './tensor.ts';

type AnyTensors = Tensors<Record<string, TypedArray>>;

/** Runs the plan once on what stands in memory. */
export interface Runner {
  run(): void | Promise<void>;
  dispose(): void;
}

/** Throws ArtifactError where the plan calls a kernel that the module lacks. */
export function onThisThread(manifest: Manifest, { exports }: WebAssembly.Instance): Runner {
  let steps = bindPlan(manifest, exports);
  return {
    run: () => {
      for (const step of steps) step.run(0, 1);
    },
    dispose: () => {
      steps = [];
    },
  };
}

/** What a model says of itself beside what its manifest does. */
export type LoadedInfo = Pick<ModelInfo, 'threads' | 'oneThreadBecause' | 'features' | 'memoryBytes'>;

/** Owns the memory of a model and what runs its kernels. */
export class LoadedModel implements Model {
  readonly #manifest: Manifest;
  readonly #runner: Runner;
  readonly #info: LoadedInfo;
  #memory: WebAssembly.Memory | undefined;
  /** The last run that other threads were asked for, until it is over. */
  #last: Promise<unknown> | undefined;

  constructor(manifest: Manifest, memory: WebAssembly.Memory, runner: Runner, info: LoadedInfo) {
    this.#manifest = manifest;
    this.#memory = memory;
    this.#runner = runner;
    this.#info = info;
  }

  info(): ModelInfo {
    const { name, inputs, outputs, plan } = this.#manifest;
    const info = ({ name, dtype, shape }: TensorSlot): TensorInfo => ({ name, dtype, shape });
    return { name, inputs: inputs.map(info), outputs: outputs.map(info), kernels: plan.length, ...this.#info };
  }

  /** On this thread, nothing is awaited from when the inputs are read: runs at the same time do not mix. */
  async run(inputs: AnyTensors): Promise<AnyTensors> {
    const memory = this.#useMemory();
    checkInputs(this.#manifest.inputs, inputs);
    if (this.#info.threads > 1) return this.#runOnThreads(memory, inputs);
    this.#write(memory, inputs);
    void this.#runner.run();
    return this.#read(memory);
  }

  /** A run waits for the one before it, with copies of its inputs. */
  #runOnThreads(memory: WebAssembly.Memory, inputs: AnyTensors): Promise<AnyTensors> {
    const finish = async (): Promise<AnyTensors> => {
      await this.#runner.run();
      return this.#read(this.#useMemory());
    };
    let result: Promise<AnyTensors>;
    if (this.#last === undefined) {
      this.#write(memory, inputs);
      result = finish();
    } else {
      const copies = Object.fromEntries(
        Object.entries(inputs).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]),
      );
      result = this.#last.then(() => {
        this.#write(this.#useMemory(), copies);
        return finish();
      });
    }
    const forget = (): void => {
      if (this.#last === over) this.#last = undefined;
    };
    const over = result.then(forget, forget);
    this.#last = over;
    return result;
  }

  dispose(): void {
    this.#memory = undefined;
    this.#runner.dispose();
  }

  #useMemory(): WebAssembly.Memory {
    if (this.#memory === undefined) throw new ModelInputError(`model ${this.#manifest.name} was disposed of`);
    return this.#memory;
  }

  #write(memory: WebAssembly.Memory, inputs: AnyTensors): void {
    for (const slot of this.#manifest.inputs) {
      const target = viewSlot(memory.buffer, slot) as { set(data: TypedArray): void };
      target.set((inputs[slot.name] as Tensor).data);
    }
  }

  #read(memory: WebAssembly.Memory): AnyTensors {
    return Object.fromEntries(
      this.#manifest.outputs.map((slot) => [
        slot.name,
        { dtype: slot.dtype, shape: slot.shape, data: copySlot(memory.buffer, slot) },
      ]),
    );
  }
}
