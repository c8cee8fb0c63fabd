import type { DeviceProfile } from '../../device.ts';
import { type Answer, isLost, type Lost, type MeasuringWorker } from '../ask.ts';
import type { Measurer } from '../measurer.ts';
import type { ToWorker } from '../protocol.ts';
import { remoteMeasurer } from '../remote-measurer.ts';
import type { BrowserSession } from './session.ts';

export interface BrowserOptions {
  /** As of `workerMeasurer`. */
  readonly patience?: number;
}

/** Measures in a worker of the page of a session, which has entered. Throws a CompilerError where the page is gone. */
export function browserMeasurer(
  session: BrowserSession,
  profile: DeviceProfile,
  { patience = 2000 }: BrowserOptions = {},
): Measurer {
  const shown = { tasks: new Map<string, string>(), measured: 0, failed: 0 };
  const open = (): MeasuringWorker => pageWorker(session, shown);
  const { measure, close } = remoteMeasurer(profile, { patience, tiersUp: true, open });
  return {
    profile,
    measure: async (task, batch, signal) => {
      shown.tasks.set(task.id, task.name);
      const outcomes = await measure(task, batch, signal);
      shown.measured += outcomes.filter((outcome) => outcome !== undefined).length;
      shown.failed += outcomes.filter((outcome) => outcome !== undefined && outcome.kind !== 'time').length;
      return outcomes;
    },
    close,
  };
}

/** What the page is told for whoever looks at it: the names of tasks, and what was measured before. */
interface ShownState {
  readonly tasks: ReadonlyMap<string, string>;
  readonly measured: number;
  readonly failed: number;
}

/** A worker of the page that is there now: with the page, it ends. */
function pageWorker(session: BrowserSession, shown: ShownState): MeasuringWorker {
  const { page } = session;
  const worker = session.newWorker();
  return {
    ask: async (message, patience, signal) => {
      if (session.page !== page) return { kind: 'crash', message: 'the page was loaded again' };
      const { measured, failed } = shown;
      const task = shown.tasks.get(message.kind === 'task' ? message.task.id : message.task) ?? '';
      const order = { kind: 'measure', worker, message, patience, shown: { task, measured, failed } } as const;
      const answer = await session.ask(order, signal);
      return fits(answer, message)
        ? answer
        : { kind: 'failed', message: 'the page gave another answer than was asked for' };
    },
    end: () => session.rest(),
  };
}

function fits(answer: Answer | Lost, message: ToWorker): boolean {
  if (isLost(answer) || answer.kind === 'failed') return true;
  if (message.kind === 'task') return answer.kind === 'opened';
  return answer.kind === 'measured' && answer.result.outcomes.length === message.batch.kernels.length;
}
