import { printFactor, printMs, printSpan } from '../figures.ts';
import { type CurvePoint, modelCurve, type TuningHistory } from '../history.ts';
import { type Axis, domainOf, printChart, stepLine } from './chart.ts';
import { printDetails, printParagraph, printTable } from './html.ts';

/** How the model's time fell over trials and over seconds, and the numbers behind it. */
export function printCurves(history: TuningHistory): string {
  const points = modelCurve(history);
  const [first] = points;
  if (first === undefined) return printParagraph('No task was measured.');
  const rows = points.map(({ trials, elapsed, ms }) => [
    `${trials}`,
    printSpan(elapsed),
    printMs(ms),
    printFactor(first.ms / ms),
  ]);
  const seconds: Axis = {
    label: 'seconds',
    domain: [0, Math.max(history.elapsed / 1000, 1)],
    format: (value) => `${value}`,
  };
  return [
    '<div class="pair">',
    printCurve('Model time over trials', points, trialsAxis(history.trials), ({ trials }) => trials),
    printCurve('Model time over seconds', points, seconds, ({ elapsed }) => elapsed / 1000),
    '</div>',
    printParagraph(
      'The best schedules by then, each with the time that the search measured, times the calls of its task; dashed: the default schedules. The curve begins when all defaults are measured; the fastest of many measurements is often the luckiest, so winners are measured once more beside the defaults: totals and tasks go by that.',
    ),
    printDetails('The numbers', printTable(['trials:', 'minutes:', 'model ms:', 'faster:'], rows)),
  ].join('\n');
}

function printCurve(
  title: string,
  points: readonly CurvePoint[],
  x: Axis,
  valueOf: (point: CurvePoint) => number,
): string {
  const [first] = points;
  const standard = first?.ms ?? 0;
  const y: Axis = {
    label: 'model time, ms',
    domain: domainOf(
      points.map(({ ms }) => ms),
      0.06,
    ),
    format: printTick,
  };
  const marks = (placeX: (value: number) => number, placeY: (value: number) => number): string => {
    const steps = points.map((point) => [placeX(valueOf(point)), placeY(point.ms)] as const);
    const end = [placeX(x.domain[1]), placeY(points.at(-1)?.ms ?? 0)] as const;
    return [
      `<path class="default" d="M${placeX(x.domain[0])} ${placeY(standard)}H${placeX(x.domain[1])}"/>`,
      stepLine([...steps, end]),
    ].join('');
  };
  return printChart({ title, width: 480, height: 270, x, y, marks });
}

const trialsAxis = (trials: number): Axis => ({
  label: 'trials',
  domain: [0, Math.max(trials, 1)],
  format: (value) => (Number.isInteger(value) ? `${value}` : ''),
});

const printTick = (value: number): string => `${Number(value.toPrecision(4))}`;
