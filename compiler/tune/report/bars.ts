import { printEnd, printFactor, printMs } from '../figures.ts';
import { failuresOf, speedup, type TaskHistory, weightOf } from '../history.ts';
import { round, svgOpen, textAt } from './chart.ts';
import { printTable } from './html.ts';

const ROW = { width: 960, height: 30, names: 250, numbers: 230 };

/** For each task, what its calls take with the default schedule and tuned; and a table of them. */
export function printBars(tasks: readonly TaskHistory[]): string {
  const rows = tasks.filter(({ times }) => times !== undefined);
  const most = Math.max(...rows.map(weightOf), Number.MIN_VALUE);
  const bars = rows.map((row, i) => printBar(row, i * ROW.height, most));
  return [
    '<p class="legend"><span><i class="key before"></i>default</span><span><i class="key after"></i>tuned</span>ms of all calls in a run of the model</p>',
    svgOpen('Time of each task before and after', ROW.width, Math.max(rows.length, 1) * ROW.height),
    ...bars,
    '</svg>',
    printTable(
      ['task', 'calls:', 'default ms:', '± %:', 'tuned ms:', '± %:', 'faster:', 'trials:', 'failed:', 'search'],
      tasks.map(cellsOf),
    ),
  ].join('\n');
}

function printBar(row: TaskHistory, top: number, most: number): string {
  const { task, times } = row;
  if (times === undefined) return '';
  const room = ROW.width - ROW.names - ROW.numbers;
  const standard = weightOf(row);
  const tuned = task.calls * times.winner.sample.ms;
  const bar = (name: string, ms: number, y: number): string =>
    `<rect class="bar-${name}" x="${ROW.names}" y="${y}" width="${round(Math.max((room * ms) / most, 1))}" height="9"/>`;
  const end = ROW.names + (room * Math.max(standard, tuned)) / most + 8;
  const numbers = `${printMs(standard)} → ${printMs(tuned)} ms, ${printFactor(speedup(times))}`;
  return [
    `<g class="name">${textAt(ROW.names - 10, top + 17, 'end', shortened(task.name))}</g>`,
    bar('before', standard, top + 4),
    bar('after', tuned, top + 14),
    textAt(end, top + 17, 'start', numbers),
  ].join('');
}

function cellsOf(row: TaskHistory): readonly string[] {
  const { task, trials, times, end } = row;
  const samples = times === undefined ? [] : [times.standard.sample, times.winner.sample];
  const measured = samples.flatMap(({ ms, spread }) => [printMs(ms), (spread * 100).toFixed(1)]);
  return [
    task.name,
    `${task.calls}`,
    ...(times === undefined ? ['', '', '', '', ''] : [...measured, printFactor(speedup(times))]),
    `${trials.filter(({ stage }) => stage !== 'final').length}`,
    `${failuresOf(row)}`,
    end === undefined ? 'not ended' : printEnd(end),
  ];
}

const LONGEST = 34;

/** The end of a name says more than its begin; the table has all of it. */
const shortened = (name: string): string => (name.length <= LONGEST ? name : `…${name.slice(1 - LONGEST)}`);
