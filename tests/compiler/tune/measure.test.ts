import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { nodeProfile, targetOf } from '../../../compiler/tune/device.ts';
import { expectation, mistakeIn } from '../../../compiler/tune/measure/check.ts';
import { inProcessMeasurer } from '../../../compiler/tune/measure/in-process.ts';
import type { Measurer } from '../../../compiler/tune/measure/measurer.ts';
import { median, spreadOfMedian } from '../../../compiler/tune/measure/statistics.ts';
import { workerMeasurer } from '../../../compiler/tune/measure/workers.ts';
import { measureTasks } from '../../../compiler/tune/measure-tasks.ts';
import { tasksOf } from '../../../compiler/tune/tasks.ts';
import { randomSource } from '../../../ir/random.ts';
import type { Candidate, Outcome } from '../../../schedules/search/search.ts';
import { convLayer, denseLayer } from './graphs.ts';
import { copyBatch, copyTask } from './hand-written.ts';

const profile = nodeProfile();
const opened: Measurer[] = [];
const closing = (measurer: Measurer): Measurer => {
  opened.push(measurer);
  return measurer;
};
afterAll(() => Promise.all(opened.map((measurer) => measurer.close())));

const kinds = (outcomes: readonly (Outcome | undefined)[]) => outcomes.map((outcome) => outcome?.kind);
const msOf = (outcome: Outcome | undefined): number => (outcome?.kind === 'time' ? outcome.ms : Number.NaN);

describe.each([
  ['in this process', () => inProcessMeasurer(profile)],
  ['in processes', () => workerMeasurer(profile)],
] as const)('%s', (_, open) => {
  test('a wrong result, or none, and a trap are the outcome of that candidate only', async () => {
    const measurer = closing(open());
    const batch = await copyBatch('copy', 'wrong', 'trap', 'nearly', 'partial', 'beyond', 'slow');
    const outcomes = await measurer.measure(await copyTask(), batch);
    expect(kinds(outcomes)).toEqual(['time', 'wrong', 'trap', 'time', 'wrong', 'trap', 'time']);
    expect(outcomes[1]).toMatchObject({ message: expect.stringMatching(/^output 0: 4 of 4 elements differ/) });
    expect(msOf(outcomes[6]) / msOf(outcomes[0])).toBeGreaterThan(10);
    for (const outcome of outcomes) if (outcome?.kind === 'time') expect(outcome.samples).toBeGreaterThanOrEqual(3);
  });

  test('what a winner is decided by has samples enough for a confidence interval', async () => {
    const batch = await copyBatch('copy', 'slow');
    const outcomes = await closing(open()).measure(await copyTask(), { ...batch, isFinal: true });
    for (const outcome of outcomes) expect(outcome?.kind === 'time' ? outcome.samples : 0).toBeGreaterThanOrEqual(20);
  });

  test('candidates of a layer are right and take a time', { timeout: 60_000 }, async () => {
    for (const graph of [denseLayer([32, 48, 64]), convLayer(9, 12, 20)]) {
      const tasks = tasksOf(graph, targetOf(profile));
      const [task] = tasks;
      if (task === undefined) throw new Error('there is a task');
      const random = randomSource(2);
      const drawn = Array.from({ length: 12 }, () => task.space.sample(random));
      const candidates = [task.space.preferred, ...drawn.filter((one): one is Candidate => one !== undefined)];
      const outcomes = await measureTasks(tasks, closing(open()))(task, candidates);
      expect(kinds(outcomes)).toEqual(candidates.map(() => 'time'));
      for (const outcome of outcomes) expect(msOf(outcome)).toBeGreaterThan(0);
    }
  });

  test('a task whose definition traps has that as the outcome of all its candidates', async () => {
    const outcomes = await closing(open()).measure(await copyTask('trap'), await copyBatch('copy', 'copy'));
    expect(kinds(outcomes)).toEqual(['trap', 'trap']);
  });
});

test('memory that is not in the caches takes longer to read', async () => {
  const [task, batch] = [await copyTask('copy', 'copy'), await copyBatch('copy')];
  const [warm] = await closing(workerMeasurer(profile)).measure(task, batch);
  const [cold] = await closing(workerMeasurer(profile)).measure({ ...task, cache: 'cold' }, batch);
  expect(msOf(cold)).toBeGreaterThan(2 * msOf(warm));
});

describe('what does not end by itself', () => {
  test('a candidate that loops for ever costs that candidate only', async () => {
    const measurer = closing(workerMeasurer(profile, { patience: 500 }));
    const outcomes = await measurer.measure(await copyTask(), await copyBatch('copy', 'endless', 'slow', 'endless'));
    expect(kinds(outcomes)).toEqual(['time', 'timeout', 'time', 'timeout']);
  });

  test('a process that is killed costs the candidate that it was at', async () => {
    const measurer = closing(workerMeasurer(profile, { patience: 30_000 }));
    const task = await copyTask();
    await measurer.measure(task, await copyBatch('copy'));
    const measured = measurer.measure(task, await copyBatch('copy', 'endless', 'slow'));
    await delay(1000);
    for (const child of measuringFor(process.pid)) process.kill(child, 'SIGKILL');
    const outcomes = await measured;
    expect(kinds(outcomes)).toEqual(['time', 'crash', 'time']);
    expect(outcomes[1]).toMatchObject({ message: 'the process ended with SIGKILL' });
  });

  test('what is aborted ends soon, and has no outcome', async () => {
    const measurer = closing(workerMeasurer(profile, { patience: 30_000 }));
    const controller = new AbortController();
    const measured = measurer.measure(await copyTask(), await copyBatch('endless'), controller.signal);
    await delay(300);
    controller.abort();
    expect(await measured).toEqual([undefined]);
  });

  test('a process ends whose parent was gone before it could ask for it', { timeout: 30_000 }, async () => {
    const file = fileURLToPath(new URL('../../../compiler/tune/measure/worker.ts', import.meta.url));
    const child = fork(file, [`${process.ppid}`], { stdio: 'ignore' });
    await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
  });

  test('a process ends with its parent, even where a candidate never does', { timeout: 30_000 }, async () => {
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    await expect.poll(() => measuringFor(parent.pid ?? 0), { timeout: 10_000 }).toHaveLength(1);
    const [child] = measuringFor(parent.pid ?? 0);
    await delay(1000);
    expect(isAlive(child)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false);
  });
});

/** Measures what never ends. */
const script = `
  import { workerMeasurer } from './compiler/tune/measure/workers.ts';
  import { nodeProfile } from './compiler/tune/device.ts';
  import { copyBatch, copyTask } from './tests/compiler/tune/hand-written.ts';
  await workerMeasurer(nodeProfile(), { patience: 60_000 }).measure(await copyTask(), await copyBatch('endless'));`;

/** The ids of the processes that measure for one. */
const measuringFor = (parent: number): readonly number[] => measuring('-P', `${parent}`);

const isAlive = (id: number | undefined): boolean => id !== undefined && measuring().includes(id);

function measuring(...filter: readonly string[]): readonly number[] {
  const { stdout } = spawnSync('pgrep', [...filter, '-f', 'measure/worker.ts'], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

test('the median and its confidence interval', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(spreadOfMedian([10, 10, 10, 10, 10, 10])).toBe(0);
  // Of 100 values, those of the ranks 40 and 61.
  expect(spreadOfMedian(Array.from({ length: 100 }, (_, i) => i + 1))).toBeCloseTo((61 - 40) / 2 / 50.5);
  expect(spreadOfMedian([9, 10, 11])).toBeCloseTo(0.1);
});

test('rounding is no mistake, of floats and of integers that floats become', () => {
  const floats = (...values: readonly number[]) =>
    ({ dtype: 'f32', shape: [values.length], data: Float32Array.from(values) }) as const;
  const bytes = (values: ArrayLike<number>) =>
    ({ dtype: 'u8', shape: [values.length], data: Uint8Array.from(values) }) as const;
  expect(mistakeIn(floats(1.0005, 0, Number.NaN), expectation(floats(1, 0, Number.NaN), false))).toBeUndefined();
  expect(mistakeIn(floats(100, 0.005), expectation(floats(100, 0), false))).toBeUndefined();
  expect(mistakeIn(floats(1, 0.005), expectation(floats(1, 0), false))).toBeDefined();
  expect(mistakeIn(floats(Number.NaN), expectation(floats(1), false))).toBeDefined();
  const near = new Uint8Array(2000).with(7, 1);
  expect(mistakeIn(bytes(near), expectation(bytes(new Uint8Array(2000)), true))).toBeUndefined();
  expect(mistakeIn(bytes(near), expectation(bytes(new Uint8Array(2000)), false))).toBeDefined();
  // A step of a few, of results on a grid; a few only, and not by far.
  const steps = Float32Array.from({ length: 2000 }, (_, i) => (i % 100) * 0.25);
  const moved = (count: number, by: number) => floats(...steps.map((x, i) => (i < count ? x + by : x)));
  expect(mistakeIn(moved(2, 0.25), expectation(floats(...steps), true))).toBeUndefined();
  expect(mistakeIn(moved(2, 0.25), expectation(floats(...steps), false))).toBeDefined();
  expect(mistakeIn(moved(20, 0.25), expectation(floats(...steps), true))).toBeDefined();
  expect(mistakeIn(moved(2, 1e6), expectation(floats(...steps), true))).toBeDefined();
  expect(mistakeIn(bytes(near.map((x) => 2 * x)), expectation(bytes(new Uint8Array(2000)), true))).toBeDefined();
});
