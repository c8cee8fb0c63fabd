import type { Model, Tensor, TensorInfo, VariantOffer, VariantTiming } from '../api.ts';
import { arrays, elementCount } from '../tensor.ts';

export interface Fastest {
  /** Which of the variants. */
  readonly chosen: number;
  readonly model: Model;
  /** Whether it is known to be the fastest. */
  readonly settled: boolean;
  readonly timings: readonly VariantTiming[];
  /** How long timing took, in milliseconds, the first run of each variant aside. */
  readonly spentMs: number;
}

/** A variant that is in memory, and has run once. */
interface Racer {
  readonly at: number;
  readonly name: string;
  readonly model: Model;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly firstMs: number;
}

/** Runs one after the other. */
interface Turn {
  readonly runs: number;
  readonly totalMs: number;
}

/** A turn lasts for so much of the time that a comparison has, and no longer than 5 ms: clocks of browsers are coarse. */
const partOfTurn = 0.1;
const longestTurnMs = 5;

const leastTurns = 3;

/** Of variants whose times are so near each other it does not matter which is taken. */
const near = 0.95;

/**
 * Finds the fastest of several variants: compares the best so far with each other one, in turns, so that both run on the
 * same machine and get warm together. No turn is begun that would not end within the budget, if it takes as long as the
 * one before; where a run of the first takes longer than that, the others are not even loaded. Rejects where the first
 * cannot be loaded or run; what is wrong with another one stands in `timings`. Disposes of all models but the one that it
 * gives.
 */
export async function fastestOf(
  variants: VariantOffer['variants'],
  budgetMs: number,
  now: () => number,
): Promise<Fastest> {
  const timings = new Map<number, VariantTiming>();
  let best = await enter(variants, 0, now);
  let settled = true;
  let spentMs = 0;
  for (let at = 1; at < variants.length; at++) {
    const share = (budgetMs - spentMs) / (variants.length - at);
    if (best.firstMs > share) {
      settled = false;
      break;
    }
    let challenger: Racer | undefined;
    try {
      challenger = await enter(variants, at, now);
      const begin = now();
      const [own, others] = await race([best, challenger], share, now);
      spentMs += now() - begin;
      timings.set(best.at, timingOf(best, own)).set(at, timingOf(challenger, others));
      const verdict = compare(own, others);
      settled &&= verdict !== 'open';
      const loser = verdict === 'other' ? best : challenger;
      if (loser === best) best = challenger;
      loser.model.dispose();
    } catch (error) {
      challenger?.model.dispose();
      timings.set(at, { name: variants[at]?.name ?? '', runs: 0, problem: String(error) });
      settled = false;
    }
  }
  return { chosen: best.at, model: best.model, settled, timings: [...timings.values()], spentMs };
}

/** Loads a variant and runs it once, on zeros: they lead no index out of bounds, and no float into denormal numbers. */
async function enter(variants: VariantOffer['variants'], at: number, now: () => number): Promise<Racer> {
  const variant = variants[at];
  if (variant === undefined) throw new RangeError(`there is no variant ${at}`);
  const model = await variant.load();
  const inputs = Object.fromEntries(model.info().inputs.map((input) => [input.name, zeros(input)]));
  const begin = now();
  await model.run(inputs);
  return { at, name: variant.name, model, inputs, firstMs: now() - begin };
}

const zeros = ({ dtype, shape }: TensorInfo): Tensor => ({
  dtype,
  shape,
  data: new arrays[dtype](elementCount(shape)),
});

/** The turns that each has taken when the time is spent. */
async function race(
  racers: readonly [Racer, Racer],
  budgetMs: number,
  now: () => number,
): Promise<readonly [readonly Turn[], readonly Turn[]]> {
  const turnMs = Math.min(longestTurnMs, budgetMs * partOfTurn);
  const turns: readonly [Turn[], Turn[]] = [[], []];
  const begin = now();
  for (;;)
    for (const [i, own] of turns.entries()) {
      const racer = racers[i] as Racer;
      const expectedMs = own.at(-1)?.totalMs ?? Math.max(racer.firstMs, turnMs);
      if (now() - begin + expectedMs > budgetMs) return turns;
      own.push(await takeTurn(racer, turnMs, now));
    }
}

async function takeTurn({ model, inputs }: Racer, turnMs: number, now: () => number): Promise<Turn> {
  const begin = now();
  for (let runs = 1; ; runs++) {
    await model.run(inputs);
    const totalMs = now() - begin;
    if (totalMs >= turnMs) return { runs, totalMs };
  }
}

function timingOf({ name }: Racer, turns: readonly Turn[]): VariantTiming {
  const runs = turns.reduce((sum, turn) => sum + turn.runs, 0);
  return { name, runs, ...(runs > 0 && { ms: median(laterHalf(turns)) }) };
}

const timeOf = ({ runs, totalMs }: Turn): number => totalMs / runs;

/** The later half counts: code that the engine's optimizing compiler has not replaced yet is slow. */
const laterHalf = (turns: readonly Turn[]): readonly number[] => turns.map(timeOf).slice(Math.floor(turns.length / 2));

/**
 * Which of two is the faster, by medians. That is open while the slower one gains on the other: if it did so once more,
 * as much as from the first part of the later half to the second, it would be the faster.
 */
function compare(one: readonly Turn[], other: readonly Turn[]): 'one' | 'other' | 'open' {
  if (Math.min(one.length, other.length) < leastTurns) return 'open';
  const [a, b] = [laterHalf(one), laterHalf(other)];
  const isOther = median(b) < median(a);
  const [slow, fast] = isOther ? [a, b] : [b, a];
  const ratio = ([first, last]: readonly [number, number]): number =>
    median(slow.slice(first * slow.length, last * slow.length)) /
    median(fast.slice(first * fast.length, last * fast.length));
  const [before, now] = [ratio([0, 0.5]), ratio([0.5, 1])];
  return now * (now / before) < near ? 'open' : isOther ? 'other' : 'one';
}

/** The lower one of two. */
const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor((times.length - 1) / 2)] ?? Number.NaN;
