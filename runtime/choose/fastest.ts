import type { Model, Tensor, TensorInfo, VariantOffer, VariantTiming } from '../api.ts';
import { arrays, elementCount } from '../tensor.ts';

export interface Fastest {
  /** Which of the variants. */
  readonly chosen: number;
  readonly model: Model;
  /** Whether all variants were compared, and the times of each had settled. */
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

interface Result {
  readonly runs: number;
  /** Of a run. */
  readonly ms: number;
  readonly settled: boolean;
}

/** A turn lasts for so much of the time that a comparison has, and no longer than 5 ms: clocks of browsers are coarse. */
const partOfTurn = 0.1;
const longestTurnMs = 5;

const leastTurns = 3;

/** Where times still fall by more, the engine has not replaced all code by that of its optimizing compiler yet. */
const settledAt = 0.9;

/**
 * Finds the fastest of several variants: compares the best so far with each other one, in turns, so that both run on the
 * same machine and get warm together. No turn is begun that would not end within the budget, if it takes as long as the
 * one before; so a variant that is slower than that is not timed, and the others are not even loaded. A variant takes
 * the place of the best only where the times of both have settled. Rejects where the first cannot be loaded or run; what
 * is wrong with another one stands in `timings`. Disposes of all models but the one that it gives.
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
      const results = await race(best, challenger, share, now);
      spentMs += now() - begin;
      for (const [racer, { runs, ms }] of results) {
        timings.set(racer.at, { name: racer.name, runs, ...(runs > 0 && { ms }) });
      }
      const [own, others] = [results.get(best), results.get(challenger)];
      const isFair = own?.settled === true && others?.settled === true;
      const loser = isFair && others.ms < own.ms ? best : challenger;
      settled &&= isFair;
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

async function race(
  one: Racer,
  other: Racer,
  budgetMs: number,
  now: () => number,
): Promise<ReadonlyMap<Racer, Result>> {
  const turnMs = Math.min(longestTurnMs, budgetMs * partOfTurn);
  const turns = new Map<Racer, Turn[]>([
    [one, []],
    [other, []],
  ]);
  const begin = now();
  for (;;)
    for (const [racer, own] of turns) {
      const expectedMs = own.at(-1)?.totalMs ?? Math.max(racer.firstMs, turnMs);
      if (now() - begin + expectedMs > budgetMs)
        return new Map([...turns].map(([timed, taken]) => [timed, resultOf(taken)]));
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

/** The later half of the turns counts; its median, against what else the machine did. */
function resultOf(turns: readonly Turn[]): Result {
  const times = turns.map(({ runs, totalMs }) => totalMs / runs);
  const half = Math.floor(times.length / 2);
  const [earlier, later] = [median(times.slice(0, half)), median(times.slice(half))];
  return {
    runs: turns.reduce((sum, turn) => sum + turn.runs, 0),
    ms: later,
    settled: turns.length >= leastTurns && later >= settledAt * earlier,
  };
}

/** The lower one of two. */
const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor((times.length - 1) / 2)] ?? Number.NaN;
