import type { KernelInstance } from './instance.ts';
import type { Timing } from './programs.ts';
import { median } from './statistics.ts';

/** A kernel that is timed. */
export interface Session {
  readonly kernel: KernelInstance;
  /** In one sample. */
  readonly runs: number;
  readonly isLong: boolean;
}

/** At least so long is a sample of a warm kernel, in milliseconds: of a short one, many runs are timed together. */
const SAMPLE_MS = 0.3;
/** A sample lasts for so many ticks of the clock, since browsers have coarse ones. */
const TICKS = 50;
/** What takes longer fills the caches with its own data in a small part of the time, whatever they held before. */
const LONG_MS = 2;
const SETTLE = { batch: 5, calm: 2, gain: 0.98, most: 400 };

/** Takes samples in the cache mode that is asked for. */
export class Sampler {
  readonly #timing: Timing;
  readonly #tickMs = tickOfClock();
  /** Beyond what a core has for itself of caches, which are 2 MiB at most today. */
  readonly #other = new Float64Array((4 * 2 ** 20) / 8);

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /** Runs a kernel until the engine has compiled it for good, and finds out how many runs make a sample. */
  open(kernel: KernelInstance): Session {
    kernel.run();
    const one = this.#timing.tiersUp ? settle(kernel, this.#tickMs) : time(kernel, 1);
    const sampleMs = Math.max(SAMPLE_MS, TICKS * this.#tickMs);
    const runs = this.#timing.cache === 'cold' ? 1 : Math.ceil(sampleMs / Math.max(one, 1e-6));
    return { kernel, runs: Math.max(1, Math.min(runs, 100_000)), isLong: one > LONG_MS };
  }

  /**
   * A sample: milliseconds of one run. In warm mode it is taken after a run that does not count, since caches are still
   * full of another kernel's data.
   */
  turn({ kernel, runs, isLong }: Session): number {
    if (this.#timing.cache === 'cold') this.#flush();
    else if (!isLong) kernel.run();
    return time(kernel, runs);
  }

  /** Fills the caches with something else. */
  #flush(): void {
    const other = this.#other;
    for (let i = 0; i < other.length; i += 8) other[i] = (other[i] as number) + 1;
  }
}

function time({ run }: KernelInstance, runs: number): number {
  const start = performance.now();
  for (let i = 0; i < runs; i++) run();
  return (performance.now() - start) / runs;
}

/** Runs batches until one is hardly faster than the best before it, twice in a row. */
function settle(kernel: KernelInstance, tickMs: number): number {
  const start = performance.now();
  // A clock that has not moved says no more than that.
  const atMost = (runs: number): number => Math.max(time(kernel, runs), tickMs / runs);
  let best = atMost(1);
  for (let calm = 0; calm < SETTLE.calm && performance.now() - start < SETTLE.most; ) {
    const runs = Math.ceil(SETTLE.batch / Math.max(best, 1e-3));
    const ms = atMost(runs);
    calm = ms > best * SETTLE.gain ? calm + 1 : 0;
    best = Math.min(best, ms);
  }
  return best;
}

/** The least that the clock moves by, in milliseconds. */
export function tickOfClock(): number {
  const ticks = Array.from({ length: 5 }, () => {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    return now - start;
  });
  return median(ticks);
}
