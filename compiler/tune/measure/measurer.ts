import type { Outcome } from '../../../schedules/search/search.ts';
import type { DeviceProfile } from '../device.ts';
import type { Batch, BatchResult, Effort, TaskProgram } from './programs.ts';

/** Where kernels are measured: in this process, in others, or in a page of a browser. */
export interface Measurer {
  readonly profile: DeviceProfile;
  /**
   * One outcome for each candidate; times of one task are comparable with those of its earlier batches. One batch at a
   * time. Where the signal aborts it ends soon, and what was not finished has no outcome.
   */
  readonly measure: (
    task: TaskProgram,
    batch: Batch,
    signal?: AbortSignal,
  ) => Promise<readonly (Outcome | undefined)[]>;
  readonly close: () => Promise<void>;
}

/**
 * What is decided on takes so many samples also of kernels that take long: where a tenth of the samples are far too long,
 * since the machine does other things, 5 % less time are found by 20 samples in 98 cases of 100, by 12 in 83, by 6 in 28.
 */
export const effortFor = ({ isFinal }: Pick<Batch, 'isFinal'>): Effort =>
  isFinal ? { spread: 0.01, limit: 75, least: 20 } : { spread: 0.03, limit: 25, least: 3 };

/** Makes the times of a task's batches comparable, by what the anchor took in the first of them. */
export class Baselines {
  readonly #anchors = new Map<string, number>();

  relate(task: string, { outcomes, anchorMs }: BatchResult): readonly Outcome[] {
    const baseline = this.#anchors.get(task) ?? anchorMs;
    this.#anchors.set(task, baseline);
    return outcomes.map((outcome) =>
      outcome.kind === 'time' ? { ...outcome, ms: (outcome.ms * baseline) / anchorMs } : outcome,
    );
  }
}

/** The outcome of all candidates of a task that cannot be measured. */
export const taskFailure = (kind: Failure['kind'], message: string): Failure => ({
  kind,
  message: `the plain definition and the default schedule: ${message}`,
});

type Failure = Exclude<Outcome, { readonly kind: 'time' }>;
