import type { Decision, TuneEvent } from './events.ts';
import { inTurns } from './proposal.ts';
import type { Candidate } from './search.ts';
import { affordable, finalsOf, measureRound, newSession, type Session, type TaskState } from './session.ts';
import { hasStalled, nextTask } from './task-scheduler.ts';
import type { Tuning } from './tuning.ts';
import { type Timed, winnerOf } from './winner.ts';

/**
 * Tunes tasks: measures the default schedule of each, then rounds of what their strategies propose, each for the task of
 * which the most is expected, and at last the fastest of each task once more, beside its default schedule, so that what
 * wins is not slower. A task whose default schedule fails is left alone. What `measure` or `record` throws ends it,
 * unless `measure` was aborted.
 */
export async function* tuneTasks(tuning: Tuning): AsyncGenerator<TuneEvent, void> {
  const session = newSession(tuning);
  yield* measureDefaults(session);
  yield* searchTasks(session);
  for (const state of session.states) {
    state.end ??= session.isAborted() ? 'aborted' : 'budget';
    const decision = yield* decide(session, state);
    yield { kind: 'task-done', task: state.task, end: state.end, decision };
  }
  yield { kind: 'done', aborted: session.isAborted(), trials: session.trials, elapsed: session.elapsed() };
}

/** The first round of each task, after which it is known what tasks weigh. */
async function* measureDefaults(session: Session): AsyncGenerator<TuneEvent, void> {
  for (const state of session.states) {
    if (session.isAborted() || affordable(session, state) < 1) return;
    const { preferred } = state.task.space;
    const [standard] = yield* searchRound(session, state, 'default', [preferred]);
    if (standard !== undefined) state.standard = standard;
    else if (!session.isAborted()) state.end = 'failed';
  }
}

/** Rounds, until the budget is spent or no task is open. */
async function* searchTasks(session: Session): AsyncGenerator<TuneEvent, void> {
  while (!session.isAborted()) {
    const open = session.states.filter(({ standard, end }) => standard !== undefined && end === undefined);
    const state = nextTask(open);
    const count = state === undefined ? 0 : affordable(session, state);
    if (state === undefined || count < 1) return;
    const start = session.elapsed();
    const candidates = await inTurns(state.strategy.propose(count), session.isAborted);
    state.spent += session.elapsed() - start;
    if (candidates.length === 0) state.end = 'exhausted';
    else yield* searchRound(session, state, 'search', candidates);
    if (hasStalled(state)) state.end ??= 'stalled';
  }
}

/** A round from which strategy and model learn. */
async function* searchRound(
  session: Session,
  state: TaskState,
  stage: 'default' | 'search',
  candidates: readonly Candidate[],
): AsyncGenerator<TuneEvent, readonly Timed[]> {
  const { task, strategy, bests } = state;
  const start = session.elapsed();
  const timed = yield* measureRound(session, task, stage, candidates, strategy.tell);
  state.spent += session.elapsed() - start;
  state.tried += candidates.length;
  state.measured.push(...timed);
  session.tuning.model.learn(
    task.workload,
    timed.map(({ candidate, sample }) => ({ features: candidate.features, ms: sample.ms })),
  );
  const before = bests.at(-1) ?? Number.POSITIVE_INFINITY;
  const [best] = timed.toSorted((a, b) => a.sample.ms - b.sample.ms);
  bests.push(Math.min(before, best?.sample.ms ?? before));
  if (best !== undefined && best.sample.ms < before) yield { kind: 'improved', task, ...best };
  return timed;
}

/** Measures the fastest beside the default schedule; where that is aborted, goes by what the search measured. */
async function* decide(session: Session, state: TaskState): AsyncGenerator<TuneEvent, Decision | undefined> {
  const { task, standard } = state;
  if (standard === undefined) return undefined;
  const finals = finalsOf(state);
  if (finals.length === 0) return { standard, winner: standard };
  const again = session.isAborted() ? [] : yield* measureRound(session, task, 'final', finals.map(candidateOf));
  const [first, ...others] = session.isAborted() ? finals : again;
  // A default schedule that fails now is no measure for others.
  if (first?.candidate !== standard.candidate) return { standard, winner: standard };
  return { standard: first, winner: winnerOf(first, others) };
}

const candidateOf = ({ candidate }: Timed): Candidate => candidate;
