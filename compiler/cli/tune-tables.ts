import Table from 'cli-table3';
import type { RoundBegun } from '../../schedules/search/events.ts';
import type { Outcome, Task } from '../../schedules/search/search.ts';
import type { Budget } from '../../schedules/search/tuning.ts';
import { printEnd, printFactor, printMs, printSpan } from '../tune/figures.ts';
import { byWeight, failuresOf, modelTime, speedup, type TaskHistory, type TuningHistory } from '../tune/history.ts';

/** One line: how far tuning is after so many milliseconds, what it has brought, and how long it will go on. */
export function printState(history: TuningHistory, budget: Budget, elapsed: number): string {
  const left = timeLeft(history, budget, elapsed);
  const of = budget.trials === undefined ? '' : ` of ${budget.trials}`;
  return [
    `${history.trials}${of} trials`,
    `${printSpan(elapsed)}${left === undefined ? '' : `, ${printSpan(left)} left`}`,
    printModelTime(history),
  ].join(' | ');
}

/** Milliseconds until the budget is spent; undefined where none is said, or nothing is known yet. */
function timeLeft({ trials }: TuningHistory, budget: Budget, elapsed: number): number | undefined {
  const byTime = (budget.ms ?? Number.POSITIVE_INFINITY) - elapsed;
  const byTrials =
    trials === 0 ? Number.NaN : (((budget.trials ?? Number.POSITIVE_INFINITY) - trials) * elapsed) / trials;
  const left = Math.min(byTime, Number.isNaN(byTrials) ? Number.POSITIVE_INFINITY : byTrials);
  return Number.isFinite(left) ? Math.max(left, 0) : undefined;
}

function printModelTime(history: TuningHistory): string {
  const { standard, best, tasks } = modelTime(history);
  const of = tasks === history.tasks.length ? 'model' : `${tasks} of ${history.tasks.length} tasks`;
  return tasks === 0 ? of : `${of} ${printMs(standard)} → ${printMs(best)} ms, ${printFactor(standard / best)}`;
}

/** One line: what a round that is over brought, of whose candidates so many failed. */
export function printRound({ task, stage, candidates }: RoundBegun, failed: number, history: TuningHistory): string {
  const row = history.tasks.find((each) => each.task.workload === task.workload);
  const what = { default: 'default', search: `${candidates} candidates`, final: `${candidates} again` }[stage];
  return [
    printSpan(history.elapsed),
    shown(task.name),
    `${what}${failed === 0 ? '' : `, ${failed} failed`}`,
    row?.times === undefined
      ? 'no time'
      : `best ${printMs(row.times.winner.sample.ms)} ms, ${printFactor(speedup(row.times))}`,
    printModelTime(history),
  ].join(' | ');
}

/** What there is room for, in characters. */
export interface Room {
  readonly lines: number;
  readonly columns: number;
}

const unbounded: Room = { lines: Number.POSITIVE_INFINITY, columns: Number.POSITIVE_INFINITY };

/** One line: why there is no time of a candidate. */
export const printFailure = ({ name }: Task, { kind, message }: Exclude<Outcome, { readonly kind: 'time' }>): string =>
  `${shown(name)}: ${kind}, ${printable(message)}`;

/** A row a task, the heaviest first: in as many lines as there are, and, by shorter names, in little more columns. */
export function printTasks(history: TuningHistory, { lines, columns }: Room = unbounded): string {
  const titles = ['task', 'calls:', 'trials:', 'failed:', 'default ms:', 'best ms:', 'faster:', 'state'];
  const table = new Table({
    head: titles.map((title) => title.replace(/:$/, '')),
    colAligns: titles.map((title) => (title.endsWith(':') ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  const rows = byWeight(history.tasks);
  // The frame and the titles take four lines.
  const room = Math.max(lines - 4, 1);
  const name = Math.min(Math.max(columns - OTHER_COLUMNS, SHORTEST_NAME), LONGEST_NAME);
  const fitting = rows.length <= room ? rows : rows.slice(0, Math.max(room - 1, 1));
  for (const row of fitting) table.push(cellsOf(row, history, name));
  if (fitting.length < rows.length)
    table.push([{ colSpan: titles.length, content: `and ${rows.length - fitting.length} more` }]);
  return table.toString();
}

/** What is left to say when tuning is over. */
export const printSummary = (history: TuningHistory): string =>
  `${printTasks(history)}\n${history.trials} trials in ${printSpan(history.elapsed)}${history.end === 'aborted' ? ', interrupted' : ''} | ${printModelTime(history)}\n`;

function cellsOf(row: TaskHistory, { round }: TuningHistory, longest: number): string[] {
  const { task, trials, times, end } = row;
  const measured = times === undefined ? ['', '', ''] : timeCells(times.standard.sample.ms, times.winner.sample.ms);
  const failures = failuresOf(row);
  const isMeasured = round?.task.workload === task.workload;
  return [
    shown(task.name, longest),
    `${task.calls}`,
    `${trials.filter(({ stage }) => stage !== 'final').length}`,
    failures === 0 ? '' : `${failures}`,
    ...measured,
    end !== undefined ? printEnd(end) : isMeasured ? 'measuring' : '',
  ];
}

const timeCells = (standard: number, best: number): readonly string[] => [
  printMs(standard),
  printMs(best),
  printFactor(standard / best),
];

const LONGEST_NAME = 40;
const SHORTEST_NAME = 20;

/** What the table takes beside the names. */
const OTHER_COLUMNS = 79;

/** A name is a model's, and may be anything: its end says more than its begin. */
function shown(name: string, longest = LONGEST_NAME): string {
  const clean = printable(name);
  return clean.length <= longest ? clean : `…${clean.slice(1 - longest)}`;
}

const printable = (text: string): string => text.replace(/\p{C}/gu, '?');
