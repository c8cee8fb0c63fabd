import type { TensorData } from '../../../ir/tensor-data.ts';
import type { Batch, TensorSpec, Timing } from './programs.ts';

/** A kernel with its operands, ready to run. */
export interface Instance {
  /** Throws what the device throws where it fails. */
  readonly run: () => void | Promise<void>;
  readonly outputs: (specs: readonly TensorSpec[]) => readonly TensorData[] | Promise<readonly TensorData[]>;
}

/** Takes a sample: milliseconds of one run. */
export type Turn = () => number | Promise<number>;

/** What runs kernels and times them: an engine of WebAssembly, or a GPU. */
export interface Bench<I extends Instance> {
  /** Compiles kernels for operands. What it gives opens each; that throws what is wrong with this one. */
  readonly open: (
    batch: Pick<Batch, 'module' | 'kernels'>,
    operands: readonly TensorData[],
  ) => Promise<readonly (() => Promise<I>)[]>;
  /** What was opened is not used any more. */
  readonly close: (instance: I) => void;
  /** Times in the way that is asked for: what it gives finds out how many runs of a kernel make a sample. */
  readonly sampler: (timing: Timing) => (instance: I) => Turn | Promise<Turn>;
}
