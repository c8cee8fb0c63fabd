import type { Outcome } from '../../../schedules/search/search.ts';
import type { Bench, Instance, Turn } from './bench.ts';
import { mistakeIn } from './check.ts';
import type { OpenTask } from './open-task.ts';
import type { Batch, BatchResult, Timing } from './programs.ts';
import { median, spreadOfMedian } from './statistics.ts';

/** What is told while a batch is measured; it goes on when whoever is told is ready. */
export interface Reports {
  /** A candidate is about to be run for the first time. */
  readonly onCheck?: (candidate: number) => Promise<void>;
  /** A candidate, all of which have been checked, is about to take its turn. */
  readonly onTurn?: () => Promise<void>;
}

/** A candidate that is timed. */
interface Entry {
  readonly turn: Turn;
  /** Of one run, in relation to the anchor's at that time. */
  readonly times: number[];
  /** In milliseconds. */
  spent: number;
}

/** What takes so many times as long as the fastest so far, the anchor included, need not be known well. */
const SLOW = 1.2;
/** As many samples as a confidence interval takes. */
const INTERVAL = 6;

/**
 * Runs each candidate once and compares its results, then times those that were right: all in turns and the anchor
 * before and after each round, so that a change of the machine's speed is taken out. Needs nothing of Node.
 */
export async function measureBatch<I extends Instance>(
  bench: Bench<I>,
  task: OpenTask<I>,
  batch: Batch,
  timing: Timing,
  reports: Reports = {},
): Promise<BatchResult> {
  const kernels = await bench.open(batch, task.operands);
  const instances: I[] = [];
  const kept = kernels.map((open) => async () => {
    const instance = await open();
    instances.push(instance);
    return instance;
  });
  try {
    return await measureAll(kept, bench.sampler(timing), task, timing, reports);
  } finally {
    for (const instance of instances) bench.close(instance);
  }
}

async function measureAll<I extends Instance>(
  kernels: readonly (() => Promise<I>)[],
  timer: ReturnType<Bench<I>['sampler']>,
  task: OpenTask<I>,
  timing: Timing,
  { onCheck, onTurn }: Reports,
): Promise<BatchResult> {
  const entries: (Entry | Outcome)[] = [];
  for (const [i, open] of kernels.entries()) {
    await onCheck?.(i);
    const checked = await check(task, open);
    entries.push('run' in checked ? { turn: await timer(checked), times: [], spent: 0 } : checked);
  }
  const anchor = await timer(task.anchor);
  const anchors = [await anchor()];
  for (let open = openEntries(entries, timing); open.length > 0; open = openEntries(entries, timing)) {
    const turns: number[] = [];
    for (const entry of open) {
      await onTurn?.();
      turns.push(await turnOf(entry));
    }
    anchors.push(await anchor());
    const around = median(anchors.slice(-2));
    for (const [i, { times }] of open.entries()) times.push((turns[i] ?? Number.NaN) / around);
  }
  const anchorMs = median(anchors);
  return { outcomes: entries.map((entry) => ('turn' in entry ? outcomeOf(entry, anchorMs) : entry)), anchorMs };
}

/** Ready to be timed, or what is wrong with it. */
async function check<I extends Instance>(
  { expected, program: { outputs } }: OpenTask<I>,
  open: () => Promise<I>,
): Promise<I | Outcome> {
  try {
    const instance = await open();
    await instance.run();
    for (const [i, actual] of (await instance.outputs(outputs)).entries()) {
      const wanted = expected[i];
      const mistake = wanted === undefined ? undefined : mistakeIn(actual, wanted);
      if (mistake !== undefined) return { kind: 'wrong', message: `output ${i}: ${mistake}` };
    }
    return instance;
  } catch (error) {
    return { kind: 'trap', message: error instanceof Error ? error.message : String(error) };
  }
}

function openEntries(all: readonly (Entry | Outcome)[], timing: Timing): readonly Entry[] {
  const entries = all.filter((entry): entry is Entry => 'turn' in entry);
  const known = entries.filter(({ times }) => times.length >= INTERVAL);
  const fastest = Math.min(1, ...known.map(({ times }) => median(times)));
  return entries.filter((entry) => !isDone(entry, timing, fastest));
}

function isDone({ times, spent }: Entry, { limit, least, spread: narrow }: Timing, fastest: number): boolean {
  if (times.length < least) return false;
  if (spent >= limit) return true;
  if (times.length < INTERVAL) return false;
  const spread = spreadOfMedian(times);
  return spread <= narrow || median(times) * (1 - spread) > SLOW * fastest;
}

async function turnOf(entry: Entry): Promise<number> {
  const start = performance.now();
  const ms = await entry.turn();
  entry.spent += performance.now() - start;
  return ms;
}

const outcomeOf = ({ times }: Entry, anchorMs: number): Outcome => ({
  kind: 'time',
  ms: median(times) * anchorMs,
  spread: spreadOfMedian(times),
  samples: times.length,
});
