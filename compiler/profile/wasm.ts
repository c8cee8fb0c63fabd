import { availableParallelism, cpus } from 'node:os';
import type { ArtifactSource, Tensor, Tensors, TypedArray } from '../../runtime/api.ts';
import { checkInputs, viewSlot } from '../../runtime/tensor.ts';
import { openWasmSteps, type WasmSteps } from '../stepwise/wasm.ts';
import { median } from '../tune/measure/statistics.ts';
import { wasmLimits } from './limits/wasm-limits.ts';
import { optimized } from './optimized.ts';
import type { Profile, StepFacts } from './profile.ts';
import { stepsOf, type Timeline } from './timeline.ts';

export interface ProfileOptions {
  readonly inputs: Tensors<Record<string, TypedArray>>;
  /** Runs in which kernels are timed; as many as take two seconds, if nothing is said. */
  readonly runs?: number;
  /** Of the plan's steps, where they are known; in its order. */
  readonly facts?: readonly StepFacts[];
}

const METHOD = 'clock read between kernels of a run, code of the optimizing compiler only';
const WARM_UP = { runs: 3, ms: 500 };
const TIMED = { runs: 5, ms: 2000 };

export interface WasmProfileOptions extends ProfileOptions {
  readonly relaxedSimd?: boolean;
  /** One, if nothing is said. */
  readonly threads?: number;
}

/**
 * Profiles an artifact on threads of WebAssembly in this process: a step takes until all of them have done their parts of
 * it. Throws what `load` throws.
 */
export const profileWasm = (
  source: ArtifactSource,
  { inputs, runs, facts, ...options }: WasmProfileOptions,
): Promise<Profile> =>
  optimized(async () => {
    const model = await openWasmSteps(source, options);
    try {
      checkInputs(model.manifest.inputs, inputs);
      repeat(WARM_UP, () => runWhole(model, inputs));
      const clockMs = costOfClock();
      const whole: number[] = [];
      const timelines: Timeline[] = [];
      repeat(runs === undefined ? TIMED : { runs, ms: 0 }, () => {
        whole.push(runWhole(model, inputs));
        timelines.push(runTimed(model, inputs, clockMs));
      });
      return {
        device: 'wasm',
        name: nameOf(model),
        method: METHOD,
        runMs: median(whole),
        runs: timelines.length,
        limits: await wasmLimits(model.isRelaxed, model.threads),
        steps: stepsOf(facts ?? model.manifest.plan, timelines),
      };
    } finally {
      model.close();
    }
  });

function nameOf({ isRelaxed, threads, oneThreadBecause }: WasmSteps): string {
  const because = oneThreadBecause === undefined ? '' : ` (${oneThreadBecause})`;
  const sharing = threads === 1 ? `one thread${because}` : `${threads} threads`;
  const processor = cpus()[0]?.model.trim() ?? process.arch;
  return `V8 ${process.versions.v8}, ${isRelaxed ? 'relaxed SIMD' : 'SIMD'}, ${sharing} of ${processor}, ${availableParallelism()} cores`;
}

/** So many runs at least, for so long at least. */
function repeat({ runs, ms }: { readonly runs: number; readonly ms: number }, work: () => void): void {
  const end = performance.now() + ms;
  for (let run = 0; run < runs || performance.now() < end; run++) work();
}

/** Milliseconds of a run from inputs that are in place. */
function runWhole(model: WasmSteps, inputs: ProfileOptions['inputs']): number {
  write(model, inputs);
  const start = performance.now();
  model.begin();
  for (const index of model.steps.keys()) model.run(index);
  return performance.now() - start;
}

/** One reading of the clock, whose own time is taken off, is the end of a step and the beginning of the next. */
function runTimed(model: WasmSteps, inputs: ProfileOptions['inputs'], clockMs: number): Timeline {
  write(model, inputs);
  model.begin();
  const times = [performance.now()];
  for (const index of model.steps.keys()) {
    model.run(index);
    times.push(performance.now());
  }
  return { starts: times.slice(0, -1), ends: times.slice(1).map((time) => time - clockMs) };
}

/** Milliseconds from one reading of the clock to the next. */
function costOfClock(): number {
  const times: number[] = [];
  for (let i = 0; i < 10_000; i++) times.push(performance.now());
  return median(times.slice(1).map((time, i) => time - (times[i] ?? time)));
}

function write({ manifest, memory }: WasmSteps, inputs: ProfileOptions['inputs']): void {
  for (const slot of manifest.inputs) {
    const target = viewSlot(memory.buffer, slot) as { set(data: TypedArray): void };
    target.set((inputs[slot.name] as Tensor).data);
  }
}
