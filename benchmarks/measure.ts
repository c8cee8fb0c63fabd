import type { Session } from './engines/engine.ts';

export interface Timing {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly samples: number;
  /** Runs in a sample: short workloads are timed several runs at a time. */
  readonly runsPerSample: number;
  /** Whether the warm-up ended because the times had settled, and not because its time was up. */
  readonly settled: boolean;
}

interface Warm {
  readonly runsPerSample: number;
  readonly settled: boolean;
  /** Of one run. */
  readonly ms: number;
}

const SAMPLE_MS = 3;
const WARM_UP_MS = { least: 300, most: 4000 };
const BATCH = { least: 3, most: 7, withinMs: 200 };
/** A session's turn: one sample that does not count, since caches and cores are still another's, then these. */
const SAMPLES_A_TURN = 3;
const TURNS = { least: 4, most: 20, withinMs: 400 };

const warmed = new WeakMap<Session, Warm>();

/**
 * Times sessions in turns (A A A B B B A A A …), so that a change of the machine's speed meets all of them alike. A turn
 * is several runs since the first finds the caches full of another's data, and on a virtual machine a second core that
 * was idle comes late. Engines compile hot code in the background: each session runs until its times have stopped to
 * fall before any counts.
 */
export async function measureInTurns(sessions: readonly Session[]): Promise<readonly Timing[]> {
  const entries: { session: Session; warm: Warm; times: number[] }[] = [];
  for (const session of sessions) {
    const warm = warmed.get(session) ?? (await warmUp(session));
    warmed.set(session, warm);
    entries.push({ session, warm, times: [] });
  }
  const roundMs = entries.reduce((sum, { warm }) => sum + warm.ms * warm.runsPerSample * (1 + SAMPLES_A_TURN), 0);
  const wanted = Math.ceil((TURNS.withinMs * sessions.length) / roundMs);
  const turns = Math.min(TURNS.most, Math.max(TURNS.least, wanted));
  for (let turn = 0; turn < turns; turn++) {
    for (const { session, warm, times } of entries) {
      await time(session, warm.runsPerSample);
      for (let i = 0; i < SAMPLES_A_TURN; i++) times.push(await time(session, warm.runsPerSample));
    }
  }
  return entries.map(({ warm: { runsPerSample, settled }, times }) => ({
    medianMs: quantile(times, 0.5),
    p90Ms: quantile(times, 0.9),
    samples: times.length,
    runsPerSample,
    settled,
  }));
}

/** Runs batches until one is no more than 2 % faster than the best before it, twice in a row. */
async function warmUp(session: Session): Promise<Warm> {
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  let runsPerSample = 1;
  let best = Number.POSITIVE_INFINITY;
  let calm = 0;
  while (elapsed() < WARM_UP_MS.most && (calm < 2 || elapsed() < WARM_UP_MS.least)) {
    const ms = quantile(await batchOf(session, runsPerSample), 0.5);
    calm = ms > best * 0.98 ? calm + 1 : 0;
    best = Math.min(best, ms);
    runsPerSample = Math.max(1, Math.round(SAMPLE_MS / best));
  }
  return { runsPerSample, settled: calm >= 2, ms: best };
}

async function batchOf(session: Session, runsPerSample: number): Promise<readonly number[]> {
  const times: number[] = [];
  const start = performance.now();
  while (times.length < BATCH.most && (times.length < BATCH.least || performance.now() - start < BATCH.withinMs)) {
    times.push(await time(session, runsPerSample));
  }
  return times;
}

/** Milliseconds a run, over `runs` runs. */
async function time(session: Session, runs: number): Promise<number> {
  session.prepare?.();
  const start = performance.now();
  for (let run = 0; run < runs; run++) await session.run();
  return (performance.now() - start) / runs;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
