import type { Session } from './engines/engine.ts';

export interface Timing {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly samples: number;
  /** Runs in a sample: short models are timed several runs at a time. */
  readonly runsPerSample: number;
  /** Whether the warm-up ended because the times had settled, and not because its time was up. */
  readonly settled: boolean;
}

const SAMPLE_MS = 3;
const WARM_UP_MS = { least: 500, most: 6000 };
const SAMPLES = { least: 15, most: 200, withinMs: 3000 };

/**
 * Times sessions in turns (A B A B …), so that a change of the machine's speed meets all of them alike. Engines
 * compile hot code in the background: each session runs until its times have stopped to fall before any counts.
 */
export async function measureInTurns(sessions: readonly Session[]): Promise<readonly Timing[]> {
  const warm: { session: Session; runsPerSample: number; settled: boolean; ms: number }[] = [];
  for (const session of sessions) warm.push({ session, ...(await warmUp(session)) });

  const roundMs = warm.reduce((sum, { ms, runsPerSample }) => sum + ms * runsPerSample, 0);
  const wanted = Math.ceil((SAMPLES.withinMs * sessions.length) / roundMs);
  const count = Math.min(SAMPLES.most, Math.max(SAMPLES.least, wanted));
  const samples: number[][] = sessions.map(() => []);
  for (let round = 0; round < count; round++) {
    for (const [index, { session, runsPerSample }] of warm.entries()) {
      samples[index]?.push(await time(session, runsPerSample));
    }
  }
  return warm.map(({ runsPerSample, settled }, index) => {
    const times = samples[index] ?? [];
    return { medianMs: quantile(times, 0.5), p90Ms: quantile(times, 0.9), samples: count, runsPerSample, settled };
  });
}

/** Runs batches until one is no more than 2 % faster than the batch before it, twice in a row. */
async function warmUp(session: Session): Promise<{ runsPerSample: number; settled: boolean; ms: number }> {
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  let runsPerSample = 1;
  let best = Number.POSITIVE_INFINITY;
  let calm = 0;
  while (elapsed() < WARM_UP_MS.most && (calm < 2 || elapsed() < WARM_UP_MS.least)) {
    const batch: number[] = [];
    for (let i = 0; i < 7; i++) batch.push(await time(session, runsPerSample));
    const ms = quantile(batch, 0.5);
    calm = ms > best * 0.98 ? calm + 1 : 0;
    best = Math.min(best, ms);
    runsPerSample = Math.max(1, Math.round(SAMPLE_MS / best));
  }
  return { runsPerSample, settled: calm >= 2, ms: best };
}

/** Milliseconds a run, over `runs` runs. */
async function time(session: Session, runs: number): Promise<number> {
  const start = performance.now();
  for (let run = 0; run < runs; run++) await session.run();
  return (performance.now() - start) / runs;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
