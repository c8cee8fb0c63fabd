import { expect, test } from 'vitest';
import { analyze, dispatchFeatureNames, featureNames } from '../../../compiler/tune/features.ts';
import type { Measurer } from '../../../compiler/tune/measure/measurer.ts';
import type { Batch } from '../../../compiler/tune/measure/programs.ts';
import { tune, tuningTasks } from '../../../compiler/tune/tune.ts';
import { randomSource } from '../../../ir/random.ts';
import { MemoryStore } from '../../../schedules/database/memory-store.ts';
import { mistakesInRecord } from '../../../schedules/database/record.ts';
import type { Candidate } from '../../../schedules/search/search.ts';
import { webgpu } from '../../../schedules/target/target.ts';
import { someGpu } from './gpu.ts';
import { convLayer, denseLayer } from './graphs.ts';

/** Gives the candidates of each batch what it is told: the first one's results are wrong, the others take a millisecond. */
const fakeMeasurer = (batches: Batch[]): Measurer => ({
  profile: someGpu,
  measure: async (_, batch) => {
    batches.push(batch);
    return batch.kernels.map((_, i) =>
      i === 0 && batches.length > 1 && !batch.isFinal
        ? { kind: 'wrong', message: 'output 0' }
        : { kind: 'time', ms: 1, spread: 0.01, samples: 9 },
    );
  },
  close: async () => undefined,
});

test('an adapter says which device and which kind of device it is', () => {
  expect(someGpu).toEqual({
    device: { class: 'webgpu-maker-gen-7-shader-f16', fingerprint: 'maker, gen-7, card, driver 1.2' },
    engine: { name: 'dawn', version: '0.6' },
    features: ['webgpu', 'shader-f16'],
  });
});

test('candidates for a GPU have features of their dispatches', { timeout: 60_000 }, () => {
  for (const graph of [denseLayer([32, 48, 64]), convLayer(9, 12, 20)]) {
    const [task] = tuningTasks(graph, { measurer: fakeMeasurer([]) });
    const random = randomSource(2);
    const drawn = Array.from({ length: 8 }, () => task?.space.sample(random));
    const candidates = [task?.space.preferred, ...drawn].filter((one): one is Candidate => one !== undefined);
    expect(candidates.length).toBeGreaterThan(1);
    for (const { features } of candidates) {
      expect(features).toHaveLength(featureNames.length + dispatchFeatureNames.length);
      expect(features.every(Number.isFinite)).toBe(true);
      const [workgroups = 0, invocations = 0, flops = 0] = features.slice(featureNames.length);
      expect(Math.min(workgroups, invocations, flops)).toBeGreaterThan(0);
    }
  }
});

test('no candidate for a GPU is much longer than the default schedule', { timeout: 60_000 }, () => {
  const [task] = tuningTasks(convLayer(9, 12, 20), { measurer: fakeMeasurer([]) });
  if (task === undefined) throw new Error('there is a task');
  const { space } = task;
  const lengthOf = (candidate: Candidate): number => {
    const { lowered, shared } = space.kernelOf(candidate);
    return analyze(lowered, shared, webgpu).nodes;
  };
  const random = randomSource(4);
  const drawn = Array.from({ length: 12 }, () => space.sample(random)).filter((one) => one !== undefined);
  expect(drawn.length).toBeGreaterThan(0);
  const longest = 2 * lengthOf(space.preferred);
  for (const candidate of drawn) expect(lengthOf(candidate)).toBeLessThanOrEqual(longest);
});

test('what is right is recorded with the device; what is wrong is not', { timeout: 60_000 }, async () => {
  const batches: Batch[] = [];
  const [store, measurer] = [new MemoryStore(), fakeMeasurer(batches)];
  const tasks = tuningTasks(denseLayer([32, 48, 64]), { measurer });
  const outcomes: string[] = [];
  const wrong = new Set<string>();
  for await (const event of tune(tasks, { store, measurer, budget: { trials: 12 }, seed: 1 })) {
    if (event.kind !== 'outcome') continue;
    outcomes.push(event.outcome.kind);
    if (event.outcome.kind === 'wrong') wrong.add(JSON.stringify(event.candidate.trace));
  }
  expect(outcomes).toContain('wrong');
  const records = await store.recordsOf(tasks[0]?.workload ?? '');
  expect(records.length).toBe(outcomes.filter((kind) => kind === 'time').length);
  for (const record of records) {
    expect(record).toMatchObject({ target: 'webgpu', ...someGpu });
    expect(mistakesInRecord(JSON.parse(JSON.stringify(record)))).toEqual([]);
    expect(wrong).not.toContain(JSON.stringify(record.trace));
  }
  for (const { kernels } of batches) for (const kernel of kernels) expect(kernel).toHaveProperty('code');
});
