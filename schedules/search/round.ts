import type { OutcomeKnown, Stage, TuneEvent } from './events.ts';
import type { Candidate, Outcome, Strategy } from './search.ts';
import type { Session, TaskState } from './session.ts';
import type { Timed } from './winner.ts';

/** Candidates of a task that are being measured. */
export interface Round {
  readonly state: TaskState;
  readonly stage: Stage;
  readonly candidates: readonly Candidate[];
  /** Those that the cost model gave the candidates before. */
  readonly scores: readonly number[];
  /** When it was begun to make it, in milliseconds since the begin of the session. */
  readonly begun: number;
  readonly outcomes: Promise<readonly (Outcome | undefined)[]>;
}

/** Has candidates measured. */
export function beginRound(
  session: Session,
  state: TaskState,
  stage: Stage,
  candidates: readonly Candidate[],
  begun: number,
): Round {
  const scores = session.tuning.model.score(candidates);
  const outcomes = measureUntilAborted(session, state, stage, candidates);
  session.measuring.add(outcomes);
  // Whoever waits for it will see the error; until someone does, it is no unhandled one.
  outcomes.catch(() => undefined).finally(() => session.measuring.delete(outcomes));
  return { state, stage, candidates, scores, begun, outcomes };
}

/** Waits for the outcomes of a round, keeps them and tells of them; gives the candidates that ran. */
export async function* concludeRound(
  session: Session,
  { state: { task }, stage, candidates, scores, outcomes: measuring }: Round,
  tell: Strategy['tell'] = () => {},
): AsyncGenerator<TuneEvent, readonly Timed[]> {
  const outcomes = await measuring;
  const events: OutcomeKnown[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const outcome = outcomes[i];
    if (outcome === undefined) continue;
    // All are kept before the first is told of: whoever listens may turn away.
    await session.tuning.record(task, candidate, outcome, stage);
    tell(candidate, outcome);
    if (stage !== 'final') session.trials++;
    const { trials, elapsed } = session;
    const predicted = scores[i] as number;
    events.push({ kind: 'outcome', task, stage, candidate, outcome, predicted, trials, elapsed: elapsed() });
  }
  yield* events;
  return events.flatMap(({ candidate, outcome }) => (outcome.kind === 'time' ? [{ candidate, sample: outcome }] : []));
}

/** The outcomes of what was finished; none where measuring was aborted without an answer. */
async function measureUntilAborted(
  { tuning: { measure }, signal }: Session,
  { task }: TaskState,
  stage: Stage,
  candidates: readonly Candidate[],
): Promise<readonly (Outcome | undefined)[]> {
  try {
    return await measure(task, candidates, { isFinal: stage === 'final', signal });
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}
