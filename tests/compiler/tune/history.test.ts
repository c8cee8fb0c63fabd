import { describe, expect, test } from 'vitest';
import { keepHistory, modelCurve, modelTime, type TuningHistory } from '../../../compiler/tune/history.ts';
import type { TuneEvent } from '../../../schedules/search/events.ts';
import { conv, events, gemm, task } from './tuned.ts';

function historyOf(taken: readonly TuneEvent[]): TuningHistory {
  const { history, take } = keepHistory([conv, gemm]);
  for (const event of taken) take(event);
  return history;
}

const until = (kind: TuneEvent['kind'], nth: number): readonly TuneEvent[] => {
  const places = events.flatMap((event, i) => (event.kind === kind ? [i] : []));
  return events.slice(0, (places[nth] ?? 0) + 1);
};

describe('the history of tuning', () => {
  test('knows its tasks before anything has happened', () => {
    const history = historyOf([]);
    expect(history.tasks.map(({ task, times }) => [task.name, times])).toEqual([
      ['conv', undefined],
      ['gemm', undefined],
    ]);
    expect(modelTime(history)).toEqual({ standard: 0, best: 0, tasks: 0 });
    expect(modelCurve(history)).toEqual([]);
  });

  test('says what is being measured', () => {
    expect(historyOf(until('round', 2)).round).toMatchObject({ task: { name: 'conv' }, candidates: 3 });
    expect(historyOf(events).round).toBeUndefined();
  });

  test('adds up the times of the tasks that were measured, each as often as it is called', () => {
    expect(modelTime(historyOf(until('improved', 0)))).toEqual({ standard: 8, best: 8, tasks: 1 });
    expect(modelTime(historyOf(until('improved', 2)))).toEqual({ standard: 10, best: 6, tasks: 2 });
  });

  test('goes by what was measured last when a task is done', () => {
    const history = historyOf(events);
    expect(modelTime(history)).toMatchObject({ standard: 10.4, best: 6.2 });
    expect(history).toMatchObject({ trials: 5, elapsed: 6000, end: 'done' });
    expect(history.tasks.map(({ end }) => end)).toEqual(['budget', 'exhausted']);
  });

  test('keeps every outcome, those that failed too', () => {
    const [of] = historyOf(events).tasks;
    expect(of?.trials.map(({ stage, kind, ms }) => [stage, kind, ms])).toEqual([
      ['default', 'time', 4],
      ['search', 'time', 3],
      ['search', 'timeout', Number.NaN],
      ['search', 'time', 2],
      ['final', 'time', 4.2],
      ['final', 'time', 2.1],
    ]);
  });

  test('draws the curve from when all defaults are measured, with a point where the model became faster', () => {
    expect(modelCurve(historyOf(events))).toEqual([
      { trials: 2, elapsed: 2000, ms: 10 },
      { trials: 3, elapsed: 3000, ms: 8 },
      { trials: 5, elapsed: 5000, ms: 6 },
    ]);
  });

  test('knows of no other tasks', () => {
    const round: TuneEvent = { kind: 'round', task: task('other', 1), stage: 'search', candidates: 1 };
    const done: TuneEvent = { kind: 'task-done', task: task('other', 1), end: 'failed', decision: undefined };
    expect(() => historyOf([round, done])).toThrow('other is none of the tasks');
  });
});
