import { assertNever } from '../../ir/errors.ts';
import type { TaskEnd } from '../../schedules/search/events.ts';
import type { Budget } from '../../schedules/search/tuning.ts';

/** Milliseconds, as they are written wherever tuning is shown. */
export const printMs = (ms: number): string => ms.toPrecision(4);

/** By which factor something is faster: `1.25x`. */
export const printFactor = (factor: number): string => `${factor.toFixed(2)}x`;

/** Minutes and seconds of milliseconds: `1:05`. */
export function printSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function printBudget({ trials, ms }: Budget): string {
  const parts = [
    ...(ms === undefined ? [] : [`${printSpan(ms)} minutes`]),
    ...(trials === undefined ? [] : [`${trials} trials`]),
  ];
  return parts.length === 0 ? 'until nothing more is gained' : parts.join(', ');
}

/** Why the search for a task ended. */
export function printEnd(end: TaskEnd): string {
  switch (end) {
    case 'exhausted':
      return 'all measured';
    case 'stalled':
      return 'no more gain';
    case 'budget':
      return 'budget spent';
    case 'aborted':
      return 'interrupted';
    case 'failed':
      return 'default failed';
    default:
      return assertNever(end);
  }
}
