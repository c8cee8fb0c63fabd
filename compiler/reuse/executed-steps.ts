import type { Trace } from '../../schedules/trace.ts';
import { printTrace } from '../../schedules/trace-text.ts';

/** What a trace does: equal for equal schedules of a definition, whatever there was to choose from. */
export const executedSteps = (trace: Trace): string =>
  printTrace(trace.filter(({ primitive }) => primitive !== 'sample-categorical'));
