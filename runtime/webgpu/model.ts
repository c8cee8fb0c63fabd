import type { TensorInfo, Tensors, TypedArray } from '../api.ts';
import { ModelInputError } from '../errors.ts';
import type { Manifest, TensorSlot, WebgpuProgram } from '../manifest.ts';
import type { DeviceChoice, GpuFeature, GpuInputs, GpuTensors, WebgpuModel, WebgpuModelInfo } from './api.ts';
import { nameOf } from './device.ts';
import { GpuError } from './errors.ts';
import { type Executable, makeExecutable, release, runToGpu, runToHost } from './execute.ts';
import { type GivenInput, takeInputs } from './inputs.ts';
import type { OpenProgram } from './load.ts';

type Arrays = Record<string, TypedArray>;
type Opener = (choice: DeviceChoice) => Promise<OpenProgram>;

/** What a device's loss has to reach. It outlives the model where the device does, and so holds no more than that. */
interface Watch {
  loss?: GpuError;
  /** Ends the run that is under way. */
  interrupt?: (error: GpuError) => void;
}

/** A program on a device, watched. */
interface Running {
  readonly program: Executable;
  readonly watch: Watch;
}

/** A model whose kernels run on a GPU, in one submission a run where the processor runs none of them. */
export class LoadedWebgpuModel implements WebgpuModel {
  readonly #name: string;
  readonly #inputs: readonly TensorInfo[];
  readonly #outputs: readonly TensorInfo[];
  readonly #program: WebgpuProgram;
  readonly #open: Opener;
  #adapter = '';
  #features: readonly GpuFeature[] = [];
  #running: Running | undefined;
  /** The last run, until it is over: the next one waits for it, since both use the same buffers. */
  #last: Promise<unknown> = Promise.resolve();

  /** Opens the program that `open` opens anew after a loss. */
  static async load(
    manifest: Manifest,
    program: WebgpuProgram,
    open: Opener,
    choice: DeviceChoice,
  ): Promise<WebgpuModel> {
    const model = new LoadedWebgpuModel(manifest, program, open);
    model.#running = await model.#start(choice);
    return model;
  }

  private constructor({ name, inputs, outputs }: Manifest, program: WebgpuProgram, open: Opener) {
    const info = ({ name: tensor, dtype, shape }: TensorSlot): TensorInfo => ({ name: tensor, dtype, shape });
    this.#name = name;
    this.#inputs = inputs.map(info);
    this.#outputs = outputs.map(info);
    this.#program = program;
    this.#open = open;
  }

  get device(): GPUDevice {
    return this.#use().program.device;
  }

  info(): WebgpuModelInfo {
    const { buffers, plan, shaders, host } = this.#program;
    const dispatches = plan.filter(({ kind }) => kind === 'dispatch').length;
    const onHost = plan.reduce((sum, step) => sum + (step.kind === 'host' ? step.steps.length : 0), 0);
    return {
      name: this.#name,
      inputs: this.#inputs,
      outputs: this.#outputs,
      kernels: dispatches + onHost,
      threads: 1,
      features: [],
      memoryBytes: buffers.reduce((sum, { bytes }) => sum + bytes, host?.memory.bytes ?? 0),
      gpu: {
        adapter: this.#adapter,
        dispatches,
        pipelines: shaders.at(-1)?.kernels.length ?? 0,
        features: this.#features,
        onHost: host?.because ?? [],
      },
    };
  }

  run(inputs: GpuInputs<Arrays>, options?: { readonly outputs?: 'host' }): Promise<Tensors<Arrays>>;
  run(inputs: GpuInputs<Arrays>, options: { readonly outputs: 'gpu' }): Promise<GpuTensors<Arrays>>;
  async run(
    inputs: GpuInputs<Arrays>,
    { outputs = 'host' }: { readonly outputs?: 'host' | 'gpu' } = {},
  ): Promise<Tensors<Arrays> | GpuTensors<Arrays>> {
    const { halves } = this.#use().program;
    const given = takeInputs(this.#inputs, this.#program, inputs, halves);
    return this.#inTurn(() => this.#runNow(given, outputs));
  }

  restore(on: DeviceChoice = {}): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#use();
      const running = await this.#start(on);
      // It may have been disposed of in the meantime.
      const isWanted = this.#running === before;
      stop(isWanted ? before : running);
      if (isWanted) this.#running = running;
    });
  }

  dispose(): void {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.watch.interrupt?.(new GpuError(`model ${this.#name} was disposed of during a run`));
    stop(running);
  }

  #use(): Running {
    if (this.#running === undefined) throw new ModelInputError(`model ${this.#name} was disposed of`);
    return this.#running;
  }

  async #start(choice: DeviceChoice): Promise<Running> {
    const open = await this.#open(choice);
    const program = await makeExecutable(open, this.#program, { inputs: this.#inputs, outputs: this.#outputs });
    const watch: Watch = {};
    this.#adapter = nameOf(open.device);
    this.#features = open.features;
    void watchLoss(open.device, this.#name, watch);
    return { program, watch };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #runNow(inputs: readonly GivenInput[], outputs: 'host' | 'gpu') {
    const { program, watch } = this.#use();
    if (watch.loss !== undefined) throw watch.loss;
    const interrupted = new Promise<never>((_, reject) => {
      watch.interrupt = reject;
    });
    const result = outputs === 'gpu' ? runToGpu(program, inputs) : runToHost(program, inputs);
    try {
      return await Promise.race([result, interrupted]);
    } catch (error) {
      void discard(result);
      throw await causeOf(error, watch);
    } finally {
      delete watch.interrupt;
    }
  }
}

/** Lets go of what a run gives that nobody waits for any more. */
async function discard(result: Promise<Readonly<Record<string, { readonly data: GPUBuffer | TypedArray }>>>) {
  const outputs = await result.catch(() => ({}));
  for (const { data } of Object.values(outputs)) if (!ArrayBuffer.isView(data)) data.destroy();
}

async function watchLoss({ lost }: GPUDevice, name: string, watch: Watch): Promise<void> {
  const { reason, message } = await lost;
  const why = [reason, message].filter(Boolean).join(': ');
  watch.loss = new GpuError(`model ${name}: its GPU device was lost (${why}); restore() loads the model on a new one`);
  watch.interrupt?.(watch.loss);
}

const stop = ({ program, watch }: Running): void => {
  delete watch.interrupt;
  release(program);
};

const lossIsToldWithinMs = 100;

/** A device that is lost makes all else fail, often before it says so itself. */
async function causeOf(error: unknown, watch: Watch): Promise<unknown> {
  if (error instanceof GpuError || error instanceof ModelInputError) return error;
  await new Promise((resolve) => setTimeout(resolve, lossIsToldWithinMs));
  return watch.loss ?? new GpuError((error as Error).message, { cause: error });
}
