import type { DeviceLimits, Work } from './limits/limits.ts';

/** What a model does on a device, kernel by kernel. */
export interface Profile {
  readonly device: 'wasm' | 'webgpu';
  /** The engine and the machine, or the adapter. */
  readonly name: string;
  /** How kernels were timed, for people. */
  readonly method: string;
  /** Milliseconds of a whole run, in which nothing is timed but the run: the median. */
  readonly runMs: number;
  /** Runs in which kernels were timed. */
  readonly runs: number;
  readonly limits: DeviceLimits;
  /** In the order of the plan. */
  readonly steps: readonly ProfiledStep[];
}

/** A step of a plan: a call of a kernel, or a dispatch. */
export interface ProfiledStep extends StepFacts {
  /** Milliseconds, the median over the runs. */
  readonly ms: number;
  /** When it began in the run that was shown, in milliseconds from the beginning of that run, and how long it took. */
  readonly shown: { readonly startMs: number; readonly ms: number };
}

export interface StepFacts {
  readonly kernel: string;
  /** What it computes of the model. */
  readonly node: string;
  /** Known where the model was compiled for the profile; an artifact does not say it. */
  readonly known?: KnownFacts;
}

export interface KnownFacts {
  /** Of one call, as the kernel executes it. */
  readonly work: Work;
  readonly operators: readonly string[];
  /** As `f32[1, 64, 56, 56]`. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}
