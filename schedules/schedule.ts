import type { TensorFunc } from '../ir/tensor/tensor-func.ts';
import { byRule, type Decide, sampleCategorical } from './decision.ts';
import type { Choice } from './step.ts';
import { applyStep, type Step, type Trace } from './trace.ts';

/**
 * A function being scheduled: each step is applied at once and recorded, so that the trace can be replayed. What is left
 * open is asked of `decide`.
 */
export class Schedule {
  readonly #steps: Step[] = [];
  readonly #decide: Decide;
  #func: TensorFunc;

  constructor(func: TensorFunc, decide: Decide = byRule) {
    this.#func = func;
    this.#decide = decide;
  }

  get func(): TensorFunc {
    return this.#func;
  }

  get trace(): Trace {
    return this.#steps;
  }

  /** Throws ScheduleError where the step is not legal; the schedule is then as before. */
  apply(step: Step): void {
    this.#func = applyStep(this.#func, step);
    this.#steps.push(step);
  }

  /** Has a decision made, among candidates of which `preferred` is the one that the target's rule takes, and records it. */
  sample<T extends Choice>(name: string, candidates: readonly T[], preferred: T): T {
    const { value, steps } = sampleCategorical(name, candidates, preferred, this.#decide);
    for (const step of steps) this.apply(step);
    return value;
  }
}
