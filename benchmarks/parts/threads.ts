import type { Engine } from '../engines/engine.ts';
import { compileWorkload, openArtifact } from '../engines/tilewright.ts';
import { type ModelResult, measureModel } from '../models/measure-model.ts';
import { digits, geometricMean } from '../report/format.ts';
import type { Report } from '../report/results.ts';
import { chooseModels, problemTable } from './models.ts';

/** Below, a model is too small to be shared out. */
const LEAST_FLOPS = 1e8;

const THREADS = [1, 2] as const;

const METHOD = [
  'The same artifact on one thread and on two, in one process, in turns of several runs (A A A B B B …), the first of which does not count, after a warm-up until times settle; medians of a run from inputs to outputs. Answers are checked before.',
  'Models of 100 MFLOP or more.',
];

/** Ours on two threads against one. */
export async function threads(names: readonly string[]): Promise<Report> {
  const results: ModelResult[] = [];
  for (const entry of await chooseModels(names)) {
    process.stderr.write(`${entry.id} …\n`);
    const result = await measureModel(entry, THREADS.map(onThreads), LEAST_FLOPS);
    if (result !== undefined) results.push(result);
  }
  const timed = results.filter(({ problem }) => problem === undefined);
  const ratios = timed.map(({ timings: [one, two] }) => (one?.medianMs ?? Number.NaN) / (two?.medianMs ?? Number.NaN));
  const rows = timed.map(({ id, cost, timings }, index) => [
    id,
    digits((cost?.flops ?? Number.NaN) / 1e6),
    ...timings.map(({ medianMs }) => digits(medianMs)),
    digits(ratios[index] ?? Number.NaN),
  ]);
  const table = {
    title: 'Whole models on two threads',
    head: ['model', 'MFLOP', 'one thread ms', 'two threads ms', 'one / two'],
    rows: [...rows, ['geometric mean', '', '', '', digits(geometricMean(ratios))]],
  };
  return {
    name: 'threads',
    title: 'Whole models on two threads against one',
    method: METHOD,
    tables: [table, ...problemTable(results)],
    charts: {},
    data: { threads: THREADS, results },
  };
}

const onThreads = (count: number): Engine => ({
  name: `${count} threads`,
  open: async (workload) => openArtifact(await compileWorkload(workload), workload.inputs, { threads: count }),
});
