import type { Outcome } from '../../../schedules/search/search.ts';
import { mistakeIn } from './check.ts';
import { type KernelInstance, openInstance } from './instance.ts';
import type { OpenTask } from './open-task.ts';
import type { Batch, BatchResult, KernelProgram, Timing } from './programs.ts';
import { Sampler, type Session } from './sampling.ts';
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
  readonly session: Session;
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
export async function measureBatch(
  task: OpenTask,
  { module: bytes, kernels }: Batch,
  timing: Timing,
  { onCheck, onTurn }: Reports = {},
): Promise<BatchResult> {
  const module = await WebAssembly.compile(bytes);
  const sampler = new Sampler(timing);
  const entries: (Entry | Outcome)[] = [];
  for (const [i, kernel] of kernels.entries()) {
    await onCheck?.(i);
    const checked = await check(task, module, kernel);
    entries.push('run' in checked ? { session: sampler.open(checked), times: [], spent: 0 } : checked);
  }
  const anchor = sampler.open(task.anchor);
  const anchors = [sampler.turn(anchor)];
  for (let open = openEntries(entries, timing); open.length > 0; open = openEntries(entries, timing)) {
    const turns: number[] = [];
    for (const entry of open) {
      await onTurn?.();
      turns.push(turnOf(entry, sampler));
    }
    anchors.push(sampler.turn(anchor));
    const around = median(anchors.slice(-2));
    for (const [i, { times }] of open.entries()) times.push((turns[i] ?? Number.NaN) / around);
  }
  const anchorMs = median(anchors);
  return { outcomes: entries.map((entry) => ('session' in entry ? outcomeOf(entry, anchorMs) : entry)), anchorMs };
}

/** Ready to be timed, or what is wrong with it. */
async function check(
  { operands, expected, program: { outputs } }: OpenTask,
  module: WebAssembly.Module,
  kernel: KernelProgram,
): Promise<KernelInstance | Outcome> {
  try {
    const instance = await openInstance(module, kernel, operands);
    instance.run();
    for (const [i, actual] of instance.outputs(outputs).entries()) {
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
  const entries = all.filter((entry): entry is Entry => 'session' in entry);
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

function turnOf(entry: Entry, sampler: Sampler): number {
  const start = performance.now();
  const ms = sampler.turn(entry.session);
  entry.spent += performance.now() - start;
  return ms;
}

const outcomeOf = ({ times }: Entry, anchorMs: number): Outcome => ({
  kind: 'time',
  ms: median(times) * anchorMs,
  spread: spreadOfMedian(times),
  samples: times.length,
});
