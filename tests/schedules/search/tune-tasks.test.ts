import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { randomSourceOf } from '../../../ir/random.ts';
import { emptyForest } from '../../../schedules/cost-model/forest.ts';
import { learnedCostModel } from '../../../schedules/cost-model/learned-cost-model.ts';
import type { OutcomeKnown, Stage, TaskDone, TuneEvent } from '../../../schedules/search/events.ts';
import type { Candidate, Measure, Outcome, Task } from '../../../schedules/search/search.ts';
import { strategyFor } from '../../../schedules/search/strategies.ts';
import { tuneTasks } from '../../../schedules/search/tune-tasks.ts';
import type { Budget, Tuning } from '../../../schedules/search/tuning.ts';
import { productSpace, type SyntheticSpace, syntheticSpace, syntheticTask } from './synthetic-space.ts';

interface Recorded {
  readonly task: Task;
  readonly candidate: Candidate;
  readonly outcome: Outcome;
  readonly stage: Stage;
}

/** Tasks over synthetic spaces, a clock that measuring moves on by 10 ms a candidate, and a list of what is recorded. */
function bench(spaces: Readonly<Record<string, SyntheticSpace>>, budget: Budget, over: Partial<Tuning> = {}) {
  const clock = { ms: 0 };
  const recorded: Recorded[] = [];
  const batches: { readonly task: string; readonly keys: readonly string[] }[] = [];
  const model = learnedCostModel(emptyForest);
  const tasks = Object.entries(spaces).map(([name, space]) => ({
    task: syntheticTask(name, space),
    strategy: async () => strategyFor('auto', space, model, randomSourceOf(1, name)),
  }));
  const measure: Measure = async ({ name, space }, candidates) => {
    batches.push({ task: name, keys: candidates.map(({ key }) => key) });
    clock.ms += 10 * candidates.length;
    return candidates.map((candidate) => time((space as SyntheticSpace).msOf(candidate)));
  };
  const tuning: Tuning = {
    tasks,
    measure,
    model,
    budget,
    batch: 16,
    now: () => clock.ms,
    record: async (task, candidate, outcome, stage) => void recorded.push({ task, candidate, outcome, stage }),
    ...over,
  };
  return { tuning, clock, recorded, batches, measure };
}

const time = (ms: number, spread = 0.01): Outcome => ({ kind: 'time', ms, spread, samples: 9 });

async function eventsOf(tuning: Tuning): Promise<readonly TuneEvent[]> {
  const events: TuneEvent[] = [];
  for await (const event of tuneTasks(tuning)) events.push(event);
  return events;
}

const outcomesOf = (events: readonly TuneEvent[]): readonly OutcomeKnown[] =>
  events.filter((event) => event.kind === 'outcome');
const doneOf = (events: readonly TuneEvent[]): readonly TaskDone[] =>
  events.filter((event) => event.kind === 'task-done');

const small = (fast = 1) =>
  syntheticSpace((ask) => ({ ms: fast * Math.abs(ask('a', [1, 2, 3, 4], 3) - 1.5) + ask('b', [1, 2]), features: [] }));

describe('tuning tasks', () => {
  test('measures the default schedule of each first, alone', async () => {
    const spaces = { product: productSpace(49, 96, 576), small: small() };
    const { tuning, batches } = bench(spaces, { trials: 40 });
    await eventsOf(tuning);
    expect(batches.slice(0, 2)).toEqual([
      { task: 'product', keys: [spaces.product.preferred.key] },
      { task: 'small', keys: [spaces.small.preferred.key] },
    ]);
  });

  test('finds the fastest of a small space, and says that it is exhausted', async () => {
    const { tuning } = bench({ small: small() }, {});
    const events = await eventsOf(tuning);
    const [done] = doneOf(events);
    expect(done?.end).toBe('exhausted');
    expect(done?.decision?.winner.sample.ms).toBe(1.5);
    expect(outcomesOf(events).filter(({ stage }) => stage !== 'final')).toHaveLength(8);
    expect(events.at(-1)).toMatchObject({ kind: 'done', aborted: false, trials: 8 });
  });

  test('records every outcome before it is told of, and tells of all', async () => {
    const { tuning, recorded } = bench({ product: productSpace(49, 96, 576), small: small() }, { trials: 60 });
    const seen: OutcomeKnown[] = [];
    for await (const event of tuneTasks(tuning)) {
      if (event.kind !== 'outcome') continue;
      seen.push(event);
      expect(recorded).toContainEqual(expect.objectContaining({ candidate: event.candidate, stage: event.stage }));
    }
    expect(seen.map(({ candidate, stage }) => [candidate.key, stage])).toEqual(
      recorded.map(({ candidate, stage }) => [candidate.key, stage]),
    );
  });

  test('spends its trials, and no more', async () => {
    for (const trials of [1, 2, 17, 50]) {
      const { tuning, recorded } = bench({ a: productSpace(49, 96, 576), b: productSpace(784, 32, 192) }, { trials });
      expect((await eventsOf(tuning)).at(-1)).toMatchObject({ trials });
      expect(recorded.filter(({ stage }) => stage !== 'final')).toHaveLength(trials);
    }
  });

  test('ends in time, deciding measurements included', async () => {
    for (const ms of [10, 300, 1234]) {
      const spaces = { a: productSpace(49, 96, 576), b: productSpace(784, 32, 192), c: productSpace(16, 64, 64) };
      const { tuning, clock } = bench(spaces, { ms });
      await eventsOf(tuning);
      expect(clock.ms).toBeLessThanOrEqual(ms + 40);
      expect(clock.ms).toBeGreaterThan(0.8 * ms);
    }
  });

  test('gives rounds where they help the most', async () => {
    const { tuning, batches } = bench(
      { large: productSpace(784, 128, 1152), little: productSpace(16, 64, 64) },
      { trials: 200 },
    );
    await eventsOf(tuning);
    const roundsOf = (name: string) => batches.filter(({ task }) => task === name).length;
    expect(roundsOf('large')).toBeGreaterThan(2 * roundsOf('little'));
  });

  test('ends a task that stalls', async () => {
    const space = syntheticSpace((ask) => ({ ms: 1, features: [ask('a', range(40)), ask('b', range(40))] }));
    const events = await eventsOf(bench({ flat: space }, { trials: 1000 }).tuning);
    expect(doneOf(events)[0]?.end).toBe('stalled');
    expect(events.at(-1)).toMatchObject({ trials: 1 + 8 * 16 });
  });

  test('tells of each improvement, from the default schedule on', async () => {
    const space = productSpace(49, 96, 576);
    const events = await eventsOf(bench({ space }, { trials: 100 }).tuning);
    const improved = events.filter((event) => event.kind === 'improved');
    const bests = improved.map(({ sample }) => sample.ms);
    expect(improved[0]?.candidate).toBe(space.preferred);
    expect(bests.length).toBeGreaterThan(2);
    expect(bests).toEqual(bests.toSorted((a, b) => b - a));
  });

  test('the same seeds give the same search', async () => {
    const keys = async () => {
      const { tuning, recorded } = bench({ a: productSpace(49, 96, 576), b: small() }, { trials: 80 });
      await eventsOf(tuning);
      return recorded.map(({ candidate }) => candidate.key);
    };
    expect(await keys()).toEqual(await keys());
  });
});

describe('the winner', () => {
  test('is measured again beside the default schedule, in one batch', async () => {
    const space = small();
    const { tuning, batches } = bench({ small: space }, {});
    await eventsOf(tuning);
    // Two others are faster.
    expect(batches.at(-1)?.keys).toHaveLength(3);
    expect(batches.at(-1)?.keys[0]).toBe(space.preferred.key);
  });

  test('is the default schedule, where others only seemed faster', async () => {
    const space = small();
    const { tuning, measure } = bench({ small: space }, {});
    const lucky: Measure = async (task, candidates, options) =>
      candidates[0] === space.preferred && candidates.length > 1
        ? candidates.map((_, i) => time(i === 0 ? 2 : 1.99))
        : await measure(task, candidates, options);
    const [done] = doneOf(await eventsOf({ ...tuning, measure: lucky }));
    expect(done?.decision?.winner).toEqual(done?.decision?.standard);
    expect(done?.decision?.winner.candidate).toBe(space.preferred);
  });

  test('is the default schedule without another measurement, where it is the fastest', async () => {
    const space = syntheticSpace((ask) => ({ ms: ask('a', [1, 2, 3]), features: [] }));
    const { tuning, recorded } = bench({ space }, {});
    const [done] = doneOf(await eventsOf(tuning));
    expect(done?.decision?.winner.candidate).toBe(space.preferred);
    expect(recorded.some(({ stage }) => stage === 'final')).toBe(false);
  });
});

describe('what fails', () => {
  const failing =
    (fails: (candidate: Candidate) => boolean): Measure =>
    async ({ space }, candidates) =>
      candidates.map((candidate) =>
        fails(candidate) ? { kind: 'trap', message: 'unreachable' } : time((space as SyntheticSpace).msOf(candidate)),
      );

  test('costs a candidate only', async () => {
    const space = small();
    const { tuning, recorded } = bench(
      { space },
      {},
      { measure: failing(({ decisions }) => decisions.get('a') === 1) },
    );
    const [done] = doneOf(await eventsOf(tuning));
    expect(recorded.filter(({ outcome }) => outcome.kind === 'trap')).toHaveLength(2);
    expect(done?.decision?.winner.candidate.decisions.get('a')).toBe(2);
  });

  test('as default schedule leaves the task alone', async () => {
    const spaces = { bad: small(), good: small(2) };
    const { tuning } = bench(spaces, {}, { measure: failing((candidate) => candidate === spaces.bad.preferred) });
    const done = new Map(doneOf(await eventsOf(tuning)).map((event) => [event.task.name, event]));
    expect(done.get('bad')).toMatchObject({ end: 'failed', decision: undefined });
    expect(done.get('good')).toMatchObject({ end: 'exhausted' });
  });

  test('in the one that measures, or in the one that keeps, ends the search', async () => {
    const broken = async () => {
      throw new Error('no space left on device');
    };
    await expect(eventsOf(bench({ small: small() }, {}, { record: broken }).tuning)).rejects.toThrow('no space left');
    await expect(eventsOf(bench({ small: small() }, {}, { measure: broken }).tuning)).rejects.toThrow('no space left');
  });
});

describe('an abort', () => {
  /** Aborts in the batch of that number, of which a part was measured by then. */
  function aborting(batch: number, answer: 'part' | 'throw') {
    const controller = new AbortController();
    const made = bench({ product: productSpace(49, 96, 576) }, {}, { signal: controller.signal });
    const measure: Measure = async (task, candidates, options) => {
      if (made.batches.length < batch) return await made.measure(task, candidates, options);
      controller.abort();
      if (answer === 'throw') throw new Error('aborted');
      return (await made.measure(task, candidates, options)).map((outcome, i) => (i < 5 ? outcome : undefined));
    };
    return { ...made, tuning: { ...made.tuning, measure } };
  }

  test('keeps what was finished of the batch, and decides by what was measured', async () => {
    const { tuning, recorded, batches } = aborting(3, 'part');
    const events = await eventsOf(tuning);
    expect(recorded).toHaveLength(1 + 16 + 16 + 5);
    expect(outcomesOf(events)).toHaveLength(recorded.length);
    expect(batches).toHaveLength(4);
    expect(doneOf(events).map(({ end }) => end)).toEqual(['aborted']);
    expect(doneOf(events)[0]?.decision?.winner.sample.ms).toBeLessThan(
      doneOf(events)[0]?.decision?.standard.sample.ms ?? 0,
    );
    expect(events.at(-1)).toMatchObject({ kind: 'done', aborted: true, trials: recorded.length });
  });

  test('may end a measurement with an error', async () => {
    const { tuning, recorded } = aborting(2, 'throw');
    const events = await eventsOf(tuning);
    expect(recorded).toHaveLength(1 + 16);
    expect(events.at(-1)).toMatchObject({ kind: 'done', aborted: true });
  });

  test('while the winner is decided on leaves what the search measured', async () => {
    const controller = new AbortController();
    const made = bench({ small: small() }, {}, { signal: controller.signal });
    const measure: Measure = async (task, candidates, options) => {
      const outcomes = await made.measure(task, candidates, options);
      if (made.batches.length < 3) return outcomes;
      controller.abort();
      return outcomes.slice(0, 1);
    };
    const [done] = doneOf(await eventsOf({ ...made.tuning, measure }));
    expect(made.recorded.map(({ stage }) => stage)).toEqual(['default', ...range(7).map(() => 'search'), 'final']);
    expect(done?.decision?.winner.sample.ms).toBe(1.5);
  });

  test('before the first measurement decides nothing', async () => {
    const { tuning } = bench({ small: small() }, {}, { signal: AbortSignal.abort() });
    expect(await eventsOf(tuning)).toMatchObject([
      { kind: 'task-done', end: 'aborted', decision: undefined },
      { kind: 'done', trials: 0 },
    ]);
  });

  test('keeps all of a batch when whoever listens turns away at the first outcome', async () => {
    const { tuning, recorded } = bench({ product: productSpace(49, 96, 576) }, {});
    for await (const event of tuneTasks(tuning)) if (event.kind === 'outcome' && event.stage === 'search') break;
    expect(recorded).toHaveLength(17);
  });
});

describe('while a round is measured', () => {
  /** Each measurement lasts while others have so many turns, or until it is aborted; one comes after the other. */
  function slow(spaces: Readonly<Record<string, SyntheticSpace>>, budget: Budget, over: Partial<Tuning> = {}) {
    const seen = { measuring: 0, most: 0, madeIdle: 0, madeMeanwhile: 0 };
    const watched = mapSpaces(spaces, (space) => {
      const make = <T>(candidate: T): T => {
        if (seen.measuring > 0) seen.madeMeanwhile++;
        else seen.madeIdle++;
        return candidate;
      };
      return {
        ...space,
        sample: (random) => make(space.sample(random)),
        at: (decisions) => make(space.at(decisions)),
      };
    });
    let device: Promise<unknown> = Promise.resolve();
    const measure: Measure = ({ space }, candidates, { signal } = {}) => {
      seen.most = Math.max(seen.most, ++seen.measuring);
      const measured = device
        .then(() => turns(1000, signal))
        .then(() =>
          candidates.map((each) => (signal?.aborted ? undefined : time((space as SyntheticSpace).msOf(each)))),
        );
      device = measured.finally(() => seen.measuring--);
      return measured;
    };
    return { ...bench(watched, budget, { measure, ...over }), seen };
  }

  test('the next one is made, of the same task or of another', async () => {
    for (const spaces of [
      { a: productSpace(49, 96, 576) },
      { a: productSpace(49, 96, 576), b: productSpace(784, 32, 192) },
    ]) {
      const { tuning, seen } = slow(spaces, { trials: 100 });
      await eventsOf(tuning);
      expect(seen.most).toBe(2);
      expect(seen.madeMeanwhile).toBeGreaterThan(2 * seen.madeIdle);
    }
  });

  test('trials are counted that are not told of yet', async () => {
    for (const trials of [1, 2, 17, 50]) {
      const { tuning, recorded } = slow({ a: productSpace(49, 96, 576), b: productSpace(784, 32, 192) }, { trials });
      expect((await eventsOf(tuning)).at(-1)).toMatchObject({ trials });
      expect(recorded.filter(({ stage }) => stage !== 'final')).toHaveLength(trials);
    }
  });

  test('an abort ends the one that is made, and the one that is measured', async () => {
    const controller = new AbortController();
    const { tuning, recorded, seen } = slow({ a: productSpace(49, 96, 576) }, {}, { signal: controller.signal });
    for await (const event of tuneTasks(tuning)) if (event.kind === 'round' && recorded.length > 30) controller.abort();
    expect(recorded).toHaveLength(1 + 16 + 16);
    expect(seen.measuring).toBe(0);
  });

  test('whoever turns away leaves nothing that is measured', async () => {
    const { tuning, seen } = slow({ a: productSpace(49, 96, 576) }, {});
    for await (const event of tuneTasks(tuning)) if (event.kind === 'outcome' && event.stage === 'search') break;
    expect(seen.measuring).toBe(0);
  });

  test('an error of the one that keeps leaves nothing that is measured', async () => {
    const record: Tuning['record'] = async (_, __, ___, stage) => {
      if (stage === 'search') throw new Error('no space left on device');
    };
    const { tuning, seen } = slow({ a: productSpace(49, 96, 576) }, {}, { record });
    await expect(eventsOf(tuning)).rejects.toThrow('no space left');
    expect(seen.measuring).toBe(0);
  });

  test('an error of the one that measures is told of when its turn has come', async () => {
    let calls = 0;
    const { tuning } = slow({ a: productSpace(49, 96, 576) }, {});
    const measure: Measure = async (task, candidates, options) => {
      if (++calls === 3) throw new Error('no device');
      return await tuning.measure(task, candidates, options);
    };
    await expect(eventsOf({ ...tuning, measure })).rejects.toThrow('no device');
  });
});

async function turns(count: number, signal?: AbortSignal): Promise<void> {
  for (let i = 0; i < count; i++) {
    if (signal?.aborted) return;
    await setImmediate();
  }
}

const mapSpaces = (
  spaces: Readonly<Record<string, SyntheticSpace>>,
  change: (space: SyntheticSpace) => SyntheticSpace,
): Readonly<Record<string, SyntheticSpace>> =>
  Object.fromEntries(Object.entries(spaces).map(([name, space]) => [name, change(space)]));

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
