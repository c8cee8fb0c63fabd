import { invariant } from '../ir/errors.ts';
import type { Choice, Trace } from './step.ts';

/** A choice that a schedule leaves open: each candidate gives a schedule that is right, or is refused. */
export interface Decision {
  /** Unique in a trace, and the same for other shapes of the workload: `conv.rows`. */
  readonly name: string;
  readonly candidates: readonly Choice[];
  /** What the rule of the target takes. */
  readonly preferred: Choice;
}

export type OpenDecision = Pick<Decision, 'name' | 'candidates'>;

/** Decides: returns one of the candidates. */
export type Decide = (decision: Decision) => Choice;

/** Every decision by the rule of the target: what gives the default schedule. */
export const byRule: Decide = ({ preferred }) => preferred;

/** Every decision at random. `random` gives numbers from 0 up to, not including, 1. */
export const atRandom =
  (random: () => number): Decide =>
  ({ candidates, preferred }) =>
    candidates[Math.floor(random() * candidates.length)] ?? preferred;

/** What was decided elsewhere, on another shape say: the nearest candidate to it; by rule where nothing was. */
export const asDecided =
  (known: ReadonlyMap<string, Choice>): Decide =>
  ({ name, candidates, preferred }) => {
    const wanted = known.get(name);
    if (wanted === undefined || candidates.includes(wanted)) return wanted ?? preferred;
    return typeof wanted === 'number' ? nearest(candidates, wanted, preferred) : preferred;
  };

function nearest(candidates: readonly Choice[], wanted: number, otherwise: Choice): Choice {
  const distance = (choice: Choice): number =>
    typeof choice === 'number' ? Math.abs(choice - wanted) : Number.POSITIVE_INFINITY;
  return candidates.reduce((best, choice) => (distance(choice) < distance(best) ? choice : best), otherwise);
}

/** Has a decision made, where there is more than one candidate, and records it as the step of a trace. */
export function sampleCategorical<T extends Choice>(
  name: string,
  candidates: readonly T[],
  preferred: T,
  decide: Decide,
): { readonly value: T; readonly steps: Trace } {
  if (candidates.length === 1) return { value: preferred, steps: [] };
  const choice = decide({ name, candidates, preferred });
  const decision = candidates.findIndex((candidate) => candidate === choice);
  const value = candidates[decision];
  invariant(value !== undefined, `decision ${name} was made for ${choice}, which is no candidate`);
  return { value, steps: [{ primitive: 'sample-categorical', name, candidates, decision }] };
}

/** What there was to decide in a trace, in that order. */
export const openDecisionsOf = (trace: Trace): readonly OpenDecision[] =>
  trace.flatMap((step) => (step.primitive === 'sample-categorical' ? [step] : []));

/** What was decided in a trace, by name. */
export function decisionsOf(trace: Trace): ReadonlyMap<string, Choice> {
  const decisions = new Map<string, Choice>();
  for (const step of trace) {
    if (step.primitive !== 'sample-categorical') continue;
    const choice = step.candidates[step.decision];
    invariant(choice !== undefined, `decision ${step.name} is none of its candidates`);
    decisions.set(step.name, choice);
  }
  return decisions;
}
