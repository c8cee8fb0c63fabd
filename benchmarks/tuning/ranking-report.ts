import { drawBars } from '../report/charts.ts';
import { digits, finePercent, geometricMean } from '../report/format.ts';
import type { Report } from '../report/results.ts';
import type { HeldOut } from './ranking-quality.ts';

const METHOD = [
  'Layers of the benchmark of kernels and layers drawn at random over the range of shapes that networks have; of each workload up to 48 random schedules and the default one, measured as `tilewright tune` does: results checked, in turns with the default schedule, one thread, relaxed SIMD.',
  'Ranked by a model that has not seen the workload: trained on four fifths of the workloads for the others, each fifth in turn. The shipped prior (schedules/cost-model/prior.json) is trained on all.',
  'Spearman: the rank correlation of prediction and measurement within a workload, 1 where the order is the same. Regret: by how much the best of the eight schedules that are ranked highest is slower than the best of all; by chance, of eight at random. Means over workloads.',
  'The schedules of a workload but for 16 are ranked. Prior: before anything of the workload is measured. 16 measured: by trees grown from those 16 alone; both: grown on top of the prior. Workloads with fewer than 32 schedules are left out: tuning measures all of them.',
  'Default, and the one that the prior ranks first: times in relation to the best of those measured, geometric means.',
];

/** How well schedules of held-out workloads are ranked, by family. */
export async function rankingReport(results: readonly HeldOut[]): Promise<Report> {
  const families = [...Map.groupBy(results, ({ family }) => family)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const groups = [...families, ['all', results] as const];
  const table = {
    title: 'Schedules of held-out workloads, ranked',
    head: [
      'family',
      'workloads',
      'schedules',
      ...['prior', '16 measured', 'both'].map((model) => `Spearman, ${model}`),
      ...['by chance', 'prior', '16 measured', 'both'].map((model) => `regret of 8, ${model}`),
      'default / best',
      'prior’s first / best',
    ],
    rows: groups.map(([family, group]) => rowOf(family, group)),
  };
  const bars = groups.flatMap(([group, tasks]) =>
    LINES.map(({ line, of }) => ({ group, line, value: mean(tasks.map(of)) })),
  );
  return {
    name: 'prior',
    title: 'How well the cost model ranks what it has not seen',
    method: METHOD,
    tables: [table],
    charts: { 'prior.svg': await drawBars(bars, 'Schedules of held-out workloads', 'Spearman’s rank correlation') },
    data: { results },
  };
}

const LINES: readonly { readonly line: string; readonly of: (result: HeldOut) => number }[] = [
  { line: 'prior', of: ({ prior }) => prior.spearman },
  { line: '16 measured', of: ({ learned }) => learned.spearman },
  { line: 'prior and 16 measured', of: ({ both }) => both.spearman },
];

function rowOf(family: string, group: readonly HeldOut[]): readonly string[] {
  const regrets = [
    group.map(({ chance }) => chance),
    ...(['prior', 'learned', 'both'] as const).map((model) => group.map((result) => result[model].regret)),
  ];
  return [
    family,
    String(group.length),
    String(group.reduce((sum, { schedules }) => sum + schedules, 0)),
    ...LINES.map(({ of }) => digits(mean(group.map(of)))),
    ...regrets.map((values) => finePercent(mean(values))),
    digits(geometricMean(group.map(({ standard }) => standard).filter(Number.isFinite))),
    digits(geometricMean(group.map(({ first }) => first))),
  ];
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
