import type { TensorFunc } from '../ir/tensor/tensor-func.ts';
import { applyStep, type Step, type Trace } from './trace.ts';

/** A function being scheduled: each step is applied at once and recorded, so that the trace can be replayed. */
export class Schedule {
  readonly #steps: Step[] = [];
  #func: TensorFunc;

  constructor(func: TensorFunc) {
    this.#func = func;
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
}
