import type { Timed } from '../../../schedules/search/winner.ts';
import { printTrace } from '../../../schedules/trace-text.ts';
import { printFactor } from '../figures.ts';
import { speedup, type TaskHistory } from '../history.ts';
import { escapeText, printDetails, printParagraph, printTable } from './html.ts';

/** For each task: what the winner decides otherwise than the default, and its trace. */
export const printWinners = (tasks: readonly TaskHistory[]): string => tasks.map(printWinner).join('\n');

function printWinner(row: TaskHistory): string {
  const { task, times } = row;
  if (times === undefined)
    return printDetails(`${task.name}: no time`, printParagraph('No schedule of it was measured.'));
  const { standard, winner } = times;
  const isDefault = winner.candidate.key === standard.candidate.key;
  const content = [
    `<p class="legend">workload ${escapeText(task.workload)}</p>`,
    isDefault
      ? printParagraph('The default schedule has won.')
      : printTable(['decision', 'default', 'winner'], changes(standard, winner)),
    `<pre>${escapeText(printTrace(winner.candidate.trace).trimEnd())}</pre>`,
  ];
  return printDetails(`${task.name}: ${isDefault ? 'default' : printFactor(speedup(times))}`, content.join('\n'));
}

/** The decisions that one of them made alone, or otherwise. */
function changes(standard: Timed, winner: Timed): readonly (readonly string[])[] {
  const [before, after] = [standard.candidate.decisions, winner.candidate.decisions];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => [name, `${before.get(name) ?? 'not asked'}`, `${after.get(name) ?? 'not asked'}`]);
}
