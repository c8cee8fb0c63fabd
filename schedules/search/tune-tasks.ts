import type { Decision, TuneEvent } from './events.ts';
import { inTurns } from './proposal.ts';
import { beginRound, concludeRound, type Round } from './round.ts';
import type { Candidate } from './search.ts';
import { affordable, finalsOf, newSession, type Session, type TaskState, timeLeft } from './session.ts';
import { hasStalled, nextTask, type Progress } from './task-scheduler.ts';
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
  try {
    yield* search(session);
    for (const state of session.states.toSorted((a, b) => savedBy(b) - savedBy(a))) {
      state.end ??= session.isAborted() ? 'aborted' : 'budget';
      const decision = yield* decide(session, state);
      yield { kind: 'task-done', task: state.task, end: state.end, decision };
    }
    yield { kind: 'done', aborted: session.isAborted(), trials: session.trials, elapsed: session.elapsed() };
  } finally {
    await session.end();
  }
}

/** Rounds, until the budget is spent or no task is open. While one is measured, the next one is made. */
async function* search(session: Session): AsyncGenerator<TuneEvent, void> {
  let round = await nextRound(session);
  while (round !== undefined) {
    yield begunEvent(round);
    const next = await nextRound(session, round);
    yield* learnFrom(session, round);
    // What came of the last one may be what was waited for.
    round = next ?? (await nextRound(session));
  }
}

/** Default schedules first, after which it is known what tasks weigh. `pending` is the round that is being measured. */
async function nextRound(session: Session, pending?: Round): Promise<Round | undefined> {
  if (session.isAborted()) return undefined;
  const begun = session.elapsed();
  const fresh = session.states.find(({ strategy }) => strategy === undefined);
  const state = fresh ?? nextOpen(session, pending);
  const count = state === undefined ? 0 : affordable(session, state, pending);
  if (state === undefined || count < 1) return undefined;
  if (state.strategy === undefined) {
    state.strategy = await state.openStrategy();
    return beginRound(session, state, 'default', [state.task.space.preferred], begun);
  }
  const isGivenUp = (): boolean => session.isAborted() || timeLeft(session) <= 0;
  const candidates = await inTurns(state.strategy.propose(count), isGivenUp);
  if (candidates.length > 0) return beginRound(session, state, 'search', candidates, begun);
  if (isGivenUp()) return undefined;
  state.end = 'exhausted';
  return nextRound(session, pending);
}

/** The task for which the next round is. A round that is being measured counts as one that brings nothing. */
function nextOpen({ states }: Session, pending: Round | undefined): TaskState | undefined {
  const open = states
    .filter(({ standard, end }) => standard !== undefined && end === undefined)
    .map((state): Progress & { readonly state: TaskState } => {
      const { calls, bests } = state;
      return { state, calls, bests: state === pending?.state ? [...bests, ...bests.slice(-1)] : bests };
    });
  return nextTask(open.filter((progress) => !hasStalled(progress)))?.state;
}

/** Waits for what comes of a round; strategy and model learn from it. */
async function* learnFrom(session: Session, round: Round): AsyncGenerator<TuneEvent, void> {
  const { state, stage, candidates } = round;
  const { task, strategy, bests } = state;
  const timed = yield* concludeRound(session, round, strategy?.tell);
  state.spent += session.elapsed() - Math.max(round.begun, session.concluded);
  session.concluded = session.elapsed();
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
  if (stage === 'default') {
    if (best !== undefined) state.standard = best;
    else if (!session.isAborted()) state.end = 'failed';
  }
  if (hasStalled(state)) state.end ??= 'stalled';
}

/** By how many milliseconds a run of the model seems to have become faster by a task. */
const savedBy = ({ calls, standard, bests }: TaskState): number =>
  standard === undefined ? 0 : calls * (standard.sample.ms - (bests.at(-1) ?? standard.sample.ms));

/**
 * Measures the fastest beside the default schedule; where that is aborted, or no time is left, goes by what the search
 * measured.
 */
async function* decide(session: Session, state: TaskState): AsyncGenerator<TuneEvent, Decision | undefined> {
  const { standard } = state;
  if (standard === undefined) return undefined;
  const finals = finalsOf(state);
  const timed = finals.length > 0 && timeLeft(session) > 0 ? yield* measureAgain(session, state, finals) : finals;
  const [first, ...others] = timed;
  // A default schedule that fails now is no measure for others.
  if (first?.candidate !== standard.candidate) return { standard, winner: standard };
  return { standard: first, winner: winnerOf(first, others) };
}

async function* measureAgain(
  session: Session,
  state: TaskState,
  finals: readonly Timed[],
): AsyncGenerator<TuneEvent, readonly Timed[]> {
  if (session.isAborted()) return finals;
  const round = beginRound(session, state, 'final', finals.map(candidateOf), session.elapsed());
  yield begunEvent(round);
  const again = yield* concludeRound(session, round);
  return session.isAborted() ? finals : again;
}

const begunEvent = ({ state: { task }, stage, candidates }: Round): TuneEvent => ({
  kind: 'round',
  task,
  stage,
  candidates: candidates.length,
});

const candidateOf = ({ candidate }: Timed): Candidate => candidate;
