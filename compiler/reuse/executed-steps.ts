import type { Trace } from '../../schedules/trace.ts';

/** What a trace does, as JSON: equal for equal schedules of a definition, whatever there was to choose from. */
export const executedSteps = (trace: Trace): string =>
  JSON.stringify(trace.filter(({ primitive }) => primitive !== 'sample-categorical'));
