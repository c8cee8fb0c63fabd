import { createHash } from 'node:crypto';
import type { TuningRecord } from '../../../schedules/database/record.ts';
import type { Budget } from '../../../schedules/search/tuning.ts';
import { printBudget, printFactor, printMs, printSpan } from '../figures.ts';
import { byWeight, modelTime, type TuningHistory } from '../history.ts';
import { printBars } from './bars.ts';
import { printCurves } from './curves.ts';
import { escapeText, printParagraph, printSection, printTable } from './html.ts';
import { printRankings } from './ranking.ts';
import { style } from './style.ts';
import { printWinners } from './winners.ts';

/** What a report says of where its history comes from. */
export interface ReportFacts extends Pick<TuningRecord, 'device' | 'engine' | 'target' | 'compilerVersion'> {
  readonly model: string;
  readonly budget: Budget;
  /** When it was tuned, as `Date.toISOString` writes it. */
  readonly date: string;
}

/**
 * A page of HTML that needs nothing but itself: no script, no font, no picture of elsewhere. Its policy allows nothing
 * but its own style. The same history and facts give the same text.
 */
export function printReport(history: TuningHistory, facts: ReportFacts): string {
  const hash = createHash('sha256').update(style).digest('base64');
  const sections = [
    printSection('Model time', printCurves(history)),
    printSection('Tasks', printBars(byWeight(history.tasks))),
    printSection('Cost model', printRankings(byWeight(history.tasks))),
    printSection('Winners', printWinners(byWeight(history.tasks))),
  ];
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(facts.model)}: tuning</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    `<h1>Tuning of ${escapeText(facts.model)}</h1>`,
    ...(history.end === 'aborted'
      ? [printParagraph('It was interrupted: what follows is what was finished by then.')]
      : []),
    printTiles(history),
    printFacts(facts),
    ...sections,
    '</body>',
    '</html>\n',
  ].join('\n');
}

function printTiles(history: TuningHistory): string {
  const { standard, best, tasks } = modelTime(history);
  const measured = tasks === history.tasks.length ? `${tasks}` : `${tasks} of ${history.tasks.length}`;
  const tiles: readonly (readonly [string, string])[] = [
    [tasks === 0 ? 'no time' : printFactor(standard / best), 'faster than the default schedules'],
    [`${printMs(standard)} → ${printMs(best)} ms`, 'estimated model time: calls × time of each task'],
    [measured, 'tasks measured'],
    [`${history.trials}`, `trials in ${printSpan(history.elapsed)} minutes`],
  ];
  const printed = tiles.map(
    ([value, label]) => `<div><b>${escapeText(value)}</b><span>${escapeText(label)}</span></div>`,
  );
  return `<div class="tiles">${printed.join('')}</div>`;
}

const printFacts = ({ device, engine, target, budget, date, compilerVersion }: ReportFacts): string =>
  printTable(
    ['measured on', ''],
    [
      ['device', `${device.fingerprint} (${device.class})`],
      ['engine', `${engine.name} ${engine.version}`],
      ['target', target],
      ['budget', printBudget(budget)],
      ['date', date],
      ['tilewright', compilerVersion],
    ],
  );
