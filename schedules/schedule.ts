import { recentMap } from '../ir/recent-map.ts';
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
    this.#func = applyOnce(this.#func, step);
    this.#steps.push(step);
  }

  /** Has a decision made, among candidates of which `preferred` is the one that the target's rule takes, and records it. */
  sample<T extends Choice>(name: string, candidates: readonly T[], preferred: T): T {
    const { value, steps } = sampleCategorical(name, candidates, preferred, this.#decide);
    for (const step of steps) this.apply(step);
    return value;
  }
}

/** So many functions, at least, are remembered with what steps made of them: in a search, those of some hundred schedules. */
const REMEMBERED = 4096;
/** By the function and the step as JSON. */
const made = recentMap<TensorFunc, Map<string, TensorFunc | Error>>(REMEMBERED);

/** As `applyStep`. Schedules of one function that differ in late steps share the early ones, two thirds of all in a search. */
function applyOnce(func: TensorFunc, step: Step): TensorFunc {
  const known = made.get(func) ?? new Map<string, TensorFunc | Error>();
  if (known.size === 0) made.set(func, known);
  const key = JSON.stringify(step);
  const result = known.get(key) ?? attempt(() => applyStep(func, step));
  known.set(key, result);
  if (result instanceof Error) throw result;
  return result;
}

function attempt(work: () => TensorFunc): TensorFunc | Error {
  try {
    return work();
  } catch (error) {
    return error as Error;
  }
}
