import { spearman, topRegret } from '../../../schedules/cost-model/ranking.ts';
import type { TaskHistory } from '../history.ts';
import { type Axis, dots, logDomainOf, printChart } from './chart.ts';
import { printParagraph, printTable } from './html.ts';

/** Of fewer candidates a correlation says little, and of no more the best is always among the first. */
const TOP = 8;

/** What the cost model said of the candidates of a task before they were measured, in the search. */
interface Ranking {
  readonly name: string;
  readonly ms: readonly number[];
  readonly scores: readonly number[];
}

/** The predicted speed against the measured one, and how well the one ranks the other. */
export function printRankings(tasks: readonly TaskHistory[]): string {
  const rankings = tasks.map(rankingOf).filter(({ ms }) => ms.length > TOP);
  if (rankings.length === 0) return printParagraph('Too few candidates of each task were measured to say.');
  const rows = rankings.map(({ name, ms, scores }) => ({
    name,
    count: ms.length,
    spearman: spearman(
      scores,
      ms.map((time) => -time),
    ),
    regret: topRegret(scores, ms, TOP),
  }));
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  const mean = rows.reduce((sum, { count, spearman }) => sum + (spearman * count) / total, 0);
  return [
    '<div class="pair">',
    printScatter(rankings),
    `<div>${printParagraph(`Spearman’s rank correlation: ${mean.toFixed(2)}, the mean over ${rows.length} tasks by their ${total} candidates.`)}`,
    printParagraph(
      'Speeds are relative to the geometric mean of a task’s candidates, as the model compares those of one task only. Predictions are those by which a candidate was chosen, before the model had seen it. Dashed: predicted as measured.',
    ),
    '</div></div>',
    printTable(
      ['task', 'candidates:', 'Spearman:', `top-${TOP} regret:`],
      rows.map(({ name, count, spearman, regret }) => [
        name,
        `${count}`,
        spearman.toFixed(2),
        `${(regret * 100).toFixed(1)} %`,
      ]),
    ),
  ].join('\n');
}

function rankingOf({ task, trials }: TaskHistory): Ranking {
  const searched = trials.filter(({ stage, kind }) => stage === 'search' && kind === 'time');
  return {
    name: task.name,
    ms: searched.map(({ ms }) => ms),
    scores: searched.map(({ predicted }) => predicted),
  };
}

function printScatter(rankings: readonly Ranking[]): string {
  const points = rankings.flatMap(({ ms, scores }) => {
    const measured = relative(ms.map((time) => -Math.log(time)));
    return relative(scores).map((score, i) => [score, measured[i] ?? 1] as const);
  });
  const axis = (label: string, values: readonly number[]): Axis => {
    const format = (value: number): string => `${Number(value.toPrecision(3))}x`;
    return { label, domain: logDomainOf(values, 0.04), log: true, format };
  };
  const x = axis(
    'predicted speed',
    points.map(([predicted]) => predicted),
  );
  const y = axis(
    'measured speed',
    points.map(([, measured]) => measured),
  );
  const from = Math.max(x.domain[0], y.domain[0]);
  const to = Math.min(x.domain[1], y.domain[1]);
  return printChart({
    title: 'Predicted against measured speed',
    width: 480,
    height: 400,
    x,
    y,
    marks: (placeX, placeY) =>
      [
        from < to ? `<path class="default" d="M${placeX(from)} ${placeY(from)}L${placeX(to)} ${placeY(to)}"/>` : '',
        dots(points.map(([predicted, measured]) => [placeX(predicted), placeY(measured)])),
      ].join(''),
  });
}

/** Logarithms as factors of their geometric mean. */
function relative(logarithms: readonly number[]): readonly number[] {
  const mean = logarithms.reduce((sum, value) => sum + value, 0) / logarithms.length;
  return logarithms.map((value) => Math.exp(value - mean));
}
