import { describe, expect, test } from 'vitest';
import { expectedGain, hasStalled, nextTask } from '../../../schedules/search/task-scheduler.ts';

/** Gives rounds to tasks by the rule; each has its best time after so many rounds. */
function rounds(
  tasks: readonly { readonly calls: number; readonly after: (rounds: number) => number }[],
  count: number,
): readonly number[] {
  const states = tasks.map((task) => ({ ...task, bests: [task.after(1)] }));
  for (let i = 0; i < count; i++) {
    const next = nextTask(states);
    next?.bests.push(next.after(next.bests.length + 1));
  }
  return states.map(({ bests }) => bests.length - 1);
}

describe('the next round', () => {
  test('goes more often to the task that takes more of the time of a run', () => {
    const [heavy, light] = rounds(
      [
        { calls: 1, after: () => 10 },
        { calls: 1, after: () => 1 },
      ],
      55,
    );
    expect(heavy).toBeGreaterThan(8 * (light ?? 0));
    const [often, seldom] = rounds(
      [
        { calls: 10, after: () => 1 },
        { calls: 1, after: () => 1 },
      ],
      55,
    );
    expect(often).toBeGreaterThan(8 * (seldom ?? 0));
  });

  test('goes to the one of two like tasks whose time fell of late', () => {
    const [falling, still] = [
      { calls: 1, bests: [9, 8, 7, 6] },
      { calls: 1, bests: [6, 6, 6, 6] },
    ];
    expect(nextTask([still, falling])).toBe(falling);
    expect(nextTask([still, { calls: 1, bests: [9, 6, 6, 6, 6, 6] }])).toBe(still);
  });

  test('leaves no task without one for ever', () => {
    expect(
      Math.min(
        ...rounds(
          [
            { calls: 1, after: () => 100 },
            { calls: 1, after: () => 2 },
          ],
          200,
        ),
      ),
    ).toBeGreaterThan(0);
  });

  test('makes the sum of the times smaller than rounds in turn do', () => {
    // What eight times as many trials bring, and what is left in the end, differ from task to task.
    const tasks = [
      { calls: 1, after: (rounds: number) => 4 + 6 / rounds },
      { calls: 12, after: (rounds: number) => 0.5 + 0.9 / rounds },
      { calls: 2, after: () => 0.3 },
      { calls: 1, after: (rounds: number) => 0.2 + 0.1 / rounds },
      { calls: 3, after: (rounds: number) => 0.1 + 0.4 / rounds },
    ];
    const total = (given: readonly number[]) =>
      tasks.reduce((sum, { calls, after }, i) => sum + calls * after((given[i] ?? 0) + 1), 0);
    expect(total(rounds(tasks, 20))).toBeLessThan(total([4, 4, 4, 4, 4]));
  });

  test('goes to no task where there is none', () => {
    expect(nextTask([])).toBeUndefined();
  });
});

test('the expected gain is that of the rule', () => {
  // Half a millisecond a round of late; 6 ms after 5 rounds.
  expect(expectedGain({ calls: 2, bests: [9, 7.5, 7, 6.5, 6] })).toBeCloseTo(2 * (0.2 * 0.5 + 0.8 * (6 / 5)));
  expect(expectedGain({ calls: 1, bests: [4] })).toBeCloseTo(0.8 * 4);
});

test('a task has stalled when many rounds brought nothing', () => {
  const rest = Array.from({ length: 8 }, () => 5);
  expect(hasStalled({ calls: 1, bests: [6, 5, ...rest] })).toBe(true);
  expect(hasStalled({ calls: 1, bests: [6, ...rest] })).toBe(false);
  expect(hasStalled({ calls: 1, bests: [6, 5, ...rest.slice(1), 4.9] })).toBe(false);
});
