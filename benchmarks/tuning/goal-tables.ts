import { digits, geometricMean, percent } from '../report/format.ts';
import type { Table } from '../report/table.ts';
import type { TuningResults } from './goals.ts';
import type { SearchTrials } from './replay.ts';
import type { Transfer } from './transfer.ts';
import { printRanks } from './tuned-model.ts';
import type { TunedModel } from './whole-models.ts';

/** What part of the gain of a model's own tuning it has from another's. There is none where that gained nothing. */
export const gainShare = ({ defaultMs, reusedMs, tunedMs }: Transfer): number =>
  defaultMs > tunedMs ? (defaultMs - reusedMs) / (defaultMs - tunedMs) : Number.NaN;

/** How many times as many trials random order takes. */
export const trialRatio = (results: readonly SearchTrials[]): number =>
  geometricMean(results.map(({ random, prior }) => random / prior));

/** Candidates a second, when all default schedules have been measured. */
export const rateOf = ({ candidates, seconds }: TuningResults['rate']): number => candidates / seconds;

/** A table of each part that was measured. */
export function goalTables(results: Partial<TuningResults>): readonly Table[] {
  const { models, rate, builds, transfer, search, predicted } = results;
  return [
    ...(models === undefined ? [] : [modelTable(models)]),
    ...(rate === undefined ? [] : [rateTable(rate)]),
    ...(builds === undefined ? [] : [buildTable(builds)]),
    ...(transfer === undefined ? [] : [transferTable(transfer)]),
    ...(search === undefined ? [] : [searchTable(search)]),
    ...(predicted === undefined ? [] : [predictedTable(predicted)]),
  ];
}

const modelTable = (models: readonly TunedModel[]): Table => ({
  title: 'Models, tuned',
  head: [
    'model',
    'seconds',
    'candidates',
    'default ms',
    'tuned ms',
    'default / tuned',
    'long run, minutes',
    'candidates',
    'default / long run',
    'tuned / long run',
  ],
  rows: models.map(({ id, short, defaultMs, shortMs, long }) => [
    id,
    short.seconds.toFixed(0),
    String(short.candidates),
    ...[defaultMs, shortMs, defaultMs / shortMs].map(digits),
    ...(long === undefined
      ? ['', '', '', '']
      : [
          digits(long.seconds / 60),
          String(long.candidates),
          ...[long.defaultMs / long.ms, long.shortMs / long.ms].map(digits),
        ]),
  ]),
});

const rateTable = (rate: TuningResults['rate']): Table => ({
  title: 'Candidates of kernels under 1 ms: built, checked and measured',
  head: ['model', 'tasks', 'seconds for default schedules', 'then candidates', 'in seconds', 'a second'],
  rows: [
    [
      rate.id,
      String(rate.tasks),
      digits(rate.beginSeconds),
      String(rate.candidates),
      ...[rate.seconds, rateOf(rate)].map(digits),
    ],
  ],
});

const buildTable = (builds: TuningResults['builds']): Table => ({
  title: 'Compiling with the database of a model',
  head: ['model', 'kernels', 'without, ms', 'with, ms', 'with / without'],
  rows: builds.map(({ id, ranks, plainMs, withDatabaseMs }) => [
    id,
    printRanks(ranks),
    ...[plainMs, withDatabaseMs, withDatabaseMs / plainMs].map(digits),
  ]),
});

const transferTable = (transfer: readonly Transfer[]): Table => ({
  title: 'A model that was never tuned, with the database of another',
  head: [
    'models',
    'kernels',
    'default ms',
    'reused ms',
    'tuned itself ms',
    'default / reused',
    'default / tuned',
    'share',
  ],
  rows: transfer.map((result) => {
    const { id, ranks, defaultMs, reusedMs, tunedMs } = result;
    const times = [defaultMs, reusedMs, tunedMs, defaultMs / reusedMs, defaultMs / tunedMs].map(digits);
    return [id, printRanks(ranks), ...times, percent(gainShare(result))];
  }),
});

const searchTable = (search: readonly SearchTrials[]): Table => ({
  title: 'Trials to within 5 % of the best',
  head: ['kernel', 'schedules', 'default / best', 'random', 'no prior', 'prior', 'random / prior'],
  rows: [
    ...search.map(({ task, schedules, standard, random, learned, prior }) => [
      task,
      String(schedules),
      ...[standard, random, learned, prior, random / prior].map(digits),
    ]),
    ['geometric mean', '', '', '', '', '', digits(trialRatio(search))],
  ],
});

const predictedTable = (predicted: TuningResults['predicted']): Table => ({
  title: 'Schedules by the cost model alone (rank 4)',
  head: ['model', 'kernels', 'build / plain build', 'default ms', 'predicted ms', 'default / predicted'],
  rows: predicted.map(({ id, ranks, plainBuildMs, predictedBuildMs, defaultMs, predictedMs }) => [
    id,
    printRanks(ranks),
    ...[predictedBuildMs / plainBuildMs, defaultMs, predictedMs, defaultMs / predictedMs].map(digits),
  ]),
});
