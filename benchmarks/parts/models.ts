import type { Engine } from '../engines/engine.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { onnxruntimeWeb } from '../engines/onnxruntime-web.ts';
import { tilewright } from '../engines/tilewright.ts';
import { type ModelResult, measureModel } from '../models/measure-model.ts';
import type { ModelCase } from '../models/model-case.ts';
import { randomModels } from '../models/random-models.ts';
import { SUITE, trainedModels } from '../models/suite.ts';
import { drawBars } from '../report/charts.ts';
import { digits, geometricMean } from '../report/format.ts';
import type { Report } from '../report/results.ts';
import { named } from './named.ts';

const ENGINES: readonly Engine[] = [tilewright, onnxruntimeWeb, onnxruntimeNode];

const METHOD = [
  'One thread an engine, all in one process, in turns of several runs (A A A B B B C C C …), the first of which does not count, after a warm-up until times settle (~ marks those that did not); medians of a run from inputs in JavaScript to outputs in JavaScript.',
  'Before any time is taken, each answer is compared with the reference: |a − b| ≤ 1e-4 + 1e-3·|b|. For trained models it was recorded with another engine, for those with random weights onnxruntime-node gives it.',
  'All engines get the same model file, with all graph optimizations on.',
];

/** The suite and the models with random weights; by name, any model. */
export async function models(names: readonly string[]): Promise<Report> {
  const results: ModelResult[] = [];
  for (const entry of await chooseModels(names)) {
    process.stderr.write(`${entry.id} …\n`);
    const result = await measureModel(entry, ENGINES);
    if (result !== undefined) results.push(result);
  }
  return modelReport(results);
}

export async function chooseModels(names: readonly string[]): Promise<readonly ModelCase[]> {
  const all = [...(await trainedModels()), ...randomModels];
  const usual = all.filter((entry) => SUITE.includes(entry.id) || randomModels.includes(entry));
  return names.length === 0 ? usual : named(all, names);
}

async function modelReport(results: readonly ModelResult[]): Promise<Report> {
  const timed = results.filter(({ problem }) => problem === undefined);
  const ratio = ({ timings }: ModelResult, engine: Engine): number =>
    (timings[ENGINES.indexOf(engine)]?.medianMs ?? Number.NaN) / (timings[0]?.medianMs ?? Number.NaN);
  const peers = ENGINES.slice(1);
  const cells = (result: ModelResult): readonly string[] => [
    result.id,
    digits((result.cost?.flops ?? Number.NaN) / 1e6),
    ...result.timings.map(({ medianMs, settled }) => `${settled ? '' : '~'}${digits(medianMs)}`),
    ...peers.map((peer) => digits(ratio(result, peer))),
    digits((result.cost?.flops ?? Number.NaN) / (result.timings[0]?.medianMs ?? Number.NaN) / 1e6),
  ];
  const means = peers.map((peer) => digits(geometricMean(timed.map((result) => ratio(result, peer)))));
  const head = ['model', 'MFLOP', ...ENGINES.map(({ name }) => `${name} ms`)];
  const table = {
    title: 'Whole models',
    head: [...head, ...peers.map(({ name }) => `${name} / ours`), 'our GFLOP/s'],
    rows: [...timed.map(cells), ['geometric mean', '', ...ENGINES.map(() => ''), ...means, '']],
  };
  const bars = timed.flatMap((result) =>
    ENGINES.map((engine) => ({
      group: result.id,
      line: engine.name,
      value: ratio(result, onnxruntimeWeb) / ratio(result, engine),
    })),
  );
  return {
    name: 'models',
    title: 'Whole models against peers, one thread',
    method: METHOD,
    tables: [table, ...problemTable(results)],
    charts: { 'models.svg': await drawBars(bars, 'Whole models, one thread', 'times as fast as onnxruntime-web') },
    data: { engines: ENGINES.map(({ name }) => name), results },
  };
}

/** No table where there is nothing to say. */
export function problemTable(results: readonly ModelResult[]) {
  const rows = results.flatMap(({ id, problem }) => (problem === undefined ? [] : [[id, problem]]));
  return rows.length === 0 ? [] : [{ title: 'Without a time', head: ['model', 'why'], rows }];
}
