import { expect, test } from 'vitest';
import { nodeProfile } from '../../../compiler/tune/device.ts';
import { inProcessMeasurer } from '../../../compiler/tune/measure/in-process.ts';
import { tune, tuningTasks } from '../../../compiler/tune/tune.ts';
import { MemoryStore } from '../../../schedules/database/memory-store.ts';
import type { TuningStore } from '../../../schedules/database/store.ts';
import type { OutcomeKnown, TuneEvent } from '../../../schedules/search/events.ts';
import { denseLayer } from './graphs.ts';

const measurer = inProcessMeasurer(nodeProfile());

async function tuned(store: TuningStore, trials: number, seed = 1): Promise<readonly TuneEvent[]> {
  const tasks = tuningTasks(denseLayer([32, 48, 64]), { measurer });
  const options = { store, measurer, budget: { trials }, seed, strategy: 'evolutionary' } as const;
  const events: TuneEvent[] = [];
  for await (const event of tune(tasks, options)) events.push(event);
  return events;
}

const searched = (events: readonly TuneEvent[]): readonly OutcomeKnown[] =>
  events.filter((event): event is OutcomeKnown => event.kind === 'outcome' && event.stage === 'search');

const keys = (events: readonly OutcomeKnown[]): readonly string[] => events.map(({ candidate }) => candidate.key);

test('the same seed proposes the same first schedules, another seed others', { timeout: 60_000 }, async () => {
  const first = keys(searched(await tuned(new MemoryStore(), 9)));
  expect(first).toHaveLength(8);
  expect(keys(searched(await tuned(new MemoryStore(), 9)))).toEqual(first);
  expect(keys(searched(await tuned(new MemoryStore(), 9, 2)))).not.toEqual(first);
});

test('what is in the store is measured again first', { timeout: 60_000 }, async () => {
  const store = new MemoryStore();
  const before = searched(await tuned(store, 12));
  const again = searched(await tuned(store, 4, 2));
  expect(keys(again)).toHaveLength(3);
  expect(keys(before)).toEqual(expect.arrayContaining([...keys(again)]));
});
