import type { OpenDecision } from '../decision.ts';
import type { Choice, Trace } from '../step.ts';

/** What was decided, by the names of the decisions. */
export type Decisions = ReadonlyMap<string, Choice>;

/** A schedule out of a search space: legal, and not known to be slow from what its code needs. */
export interface Candidate {
  /** Equal for equal schedules, whatever was asked for. */
  readonly key: string;
  /** Those that the schedule came to ask for, with what was chosen. */
  readonly decisions: Decisions;
  readonly trace: Trace;
  /** What a cost model reads of it: as many finite numbers for every candidate of every task. */
  readonly features: readonly number[];
}

/** Whoever searches sees a space through this: decisions in, a candidate out. */
export interface SearchSpace {
  /** The default schedule: every decision by the rule of the target. */
  readonly preferred: Candidate;
  /** Every decision at random. Undefined where that is not legal or is discarded. `random` gives numbers in [0, 1). */
  readonly sample: (random: () => number) => Candidate | undefined;
  /** What is decided, snapped to what can be chosen; by rule where nothing is. */
  readonly at: (decisions: Decisions) => Candidate | undefined;
  /** What a schedule comes to ask for that is decided so, in that order; also where it is not legal or is discarded. */
  readonly openDecisions: (decisions: Decisions) => readonly OpenDecision[];
}

/** A group of a graph that is tuned: equal workloads are one task. */
export interface Task {
  readonly name: string;
  /** The hash of the workload, by which records are found. */
  readonly workload: string;
  /** How often a run of the model calls it. */
  readonly calls: number;
  readonly space: SearchSpace;
}

/** What came of measuring a candidate. */
export type Outcome =
  | (Sample & { readonly kind: 'time' })
  /** A wrong result, a trap, no end within the time that was given, the end of the process: for that candidate only. */
  | { readonly kind: 'wrong' | 'trap' | 'timeout' | 'crash'; readonly message: string };

export interface Sample {
  /** The median, in milliseconds of one run. */
  readonly ms: number;
  /** Half of the 95 % confidence interval of the median, as a part of it. */
  readonly spread: number;
  readonly samples: number;
}

/**
 * Measures candidates of one task, one outcome for each. Supplied by whoever searches: search knows no device. A call may
 * come while another one is going on: what it needs can be built then, its measurement comes after the other's.
 */
export type Measure = (
  task: Task,
  candidates: readonly Candidate[],
  options?: MeasureOptions,
) => Promise<readonly (Outcome | undefined)[]>;

export interface MeasureOptions {
  /** Whether a winner is decided on, which takes narrower confidence intervals than search does. */
  readonly isFinal?: boolean;
  /** Where it aborts, measuring ends soon, and candidates that were not finished have no outcome. */
  readonly signal?: AbortSignal;
}

/**
 * Candidates in the making, which takes a while: it yields after each piece of work, so that whoever waits for them can
 * do other things in between.
 */
export type Proposal = Generator<undefined, readonly Candidate[]>;

/** How a space is searched. It never proposes what it was told the outcome of, nor one candidate twice. */
export interface Strategy {
  readonly name: string;
  /** At most so many candidates; none where the space holds no more. */
  readonly propose: (count: number) => Proposal;
  readonly tell: (candidate: Candidate, outcome: Outcome) => void;
}

/** Predicts, from features, how fast candidates of one task are against one another: the higher the faster. */
export interface CostModel {
  readonly score: (candidates: readonly Candidate[]) => readonly number[];
}
