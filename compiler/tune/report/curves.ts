import { printFactor, printMs, printSpan } from '../figures.ts';
import { type CurvePoint, modelCurve, type TaskHistory, type TuningHistory } from '../history.ts';
import { type Axis, domainOf, dots, logDomainOf, printChart, stepLine } from './chart.ts';
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
      stepLine('best', [...steps, end]),
    ].join('');
  };
  return printChart({ title, width: 480, height: 270, x, y, marks });
}

/** Every time of a task that was measured, and its best time by then, over the trials of the task. */
export function printTrials({ task, trials }: TaskHistory): string {
  const timed = trials.map((trial, i) => ({ ...trial, at: i + 1 })).filter(({ kind }) => kind === 'time');
  const searched = timed.filter(({ stage }) => stage !== 'final');
  const again = timed.filter(({ stage }) => stage === 'final');
  let best = Number.POSITIVE_INFINITY;
  const bests = searched.map(({ at, ms }) => {
    best = Math.min(best, ms);
    return [at, best] as const;
  });
  return printChart({
    title: `Times of ${task.name} over its trials`,
    width: 960,
    height: 240,
    x: trialsAxis(trials.length),
    // What is very slow would leave no room for what is nearly as fast.
    y: {
      label: 'ms',
      domain: logDomainOf(
        timed.map(({ ms }) => ms),
        0.05,
      ),
      log: true,
      format: printTick,
    },
    marks: (x, y) =>
      [
        dots(
          '',
          searched.map(({ at, ms }) => [x(at), y(ms)]),
        ),
        dots(
          'again',
          again.map(({ at, ms }) => [x(at), y(ms)]),
        ),
        stepLine(
          'best',
          bests.map(([at, ms]) => [x(at), y(ms)]),
        ),
      ].join(''),
  });
}

const trialsAxis = (trials: number): Axis => ({
  label: 'trials',
  domain: [0, Math.max(trials, 1)],
  format: (value) => (Number.isInteger(value) ? `${value}` : ''),
});

const printTick = (value: number): string => `${Number(value.toPrecision(4))}`;
