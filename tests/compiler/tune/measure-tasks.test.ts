import { expect, test } from 'vitest';
import { nodeProfile } from '../../../compiler/tune/device.ts';
import type { Measurer } from '../../../compiler/tune/measure/measurer.ts';
import { measureTasks } from '../../../compiler/tune/measure-tasks.ts';
import { tuningTasks } from '../../../compiler/tune/tune.ts';
import type { Outcome } from '../../../schedules/search/search.ts';
import { denseLayer } from './graphs.ts';

const time: Outcome = { kind: 'time', ms: 1, spread: 0, samples: 9 };

/** A device whose batches end when the test lets them. */
function heldDevice() {
  const batches: { readonly kernels: number; readonly end: () => void }[] = [];
  const state = { atOnce: 0, most: 0 };
  const measurer: Measurer = {
    profile: nodeProfile(),
    measure: async (_, { kernels }) => {
      state.most = Math.max(state.most, ++state.atOnce);
      await new Promise<void>((resolve) => batches.push({ kernels: kernels.length, end: resolve }));
      state.atOnce--;
      return kernels.map(() => time);
    },
    close: async () => undefined,
  };
  return { measurer, batches, state };
}

test('what is called while another call goes on is measured after it, one batch at a time', {
  timeout: 60_000,
}, async () => {
  const { measurer, batches, state } = heldDevice();
  const tasks = tuningTasks(denseLayer([32, 48, 64]), { measurer });
  const [task] = tasks;
  if (task === undefined) throw new Error('a dense layer is a task');
  const measure = measureTasks(tasks, measurer);
  const { preferred } = task.space;
  const calls = [10, 3].map((count) =>
    measure(
      task,
      Array.from({ length: count }, () => preferred),
    ),
  );
  for (const [i, kernels] of [8, 2, 3].entries()) {
    await expect.poll(() => batches.length, { timeout: 20_000 }).toBe(i + 1);
    expect(batches[i]?.kernels).toBe(kernels);
    batches[i]?.end();
  }
  expect((await Promise.all(calls)).map(({ length }) => length)).toEqual([10, 3]);
  expect(state.most).toBe(1);
});
