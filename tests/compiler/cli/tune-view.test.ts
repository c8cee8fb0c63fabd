import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { printState, printSummary, printTasks } from '../../../compiler/cli/tune-tables.ts';
import { tuneView } from '../../../compiler/cli/tune-view.ts';
import { keepHistory } from '../../../compiler/tune/history.ts';
import { conv, events, gemm, task } from '../tune/tuned.ts';

const everything = () => {
  const { history, take } = keepHistory([gemm, conv]);
  for (const event of events) take(event);
  return history;
};

describe('tuning as it is shown', () => {
  test('where there is no terminal, a line for each round when it is over', () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    const view = tuneView(stream, [conv, gemm], {});
    for (const event of events) view.handle(event);
    view.end();
    expect(stream.read()).toBe(`\
0:01 | conv | default | best 4.000 ms, 1.00x | 1 of 2 tasks 8.000 → 8.000 ms, 1.00x
0:02 | gemm | default | best 2.000 ms, 1.00x | model 10.00 → 10.00 ms, 1.00x
conv: timeout, no end
0:05 | conv | 3 candidates, 1 failed | best 2.000 ms, 2.00x | model 10.00 → 6.000 ms, 1.67x
0:05 | conv | 2 again | best 2.100 ms, 2.00x | model 10.40 → 6.200 ms, 1.68x
`);
  });

  test('what is said stands between them', () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    const view = tuneView(stream, [conv], {});
    for (const event of events.slice(0, 2)) view.handle(event);
    view.say('the page is back');
    view.end();
    expect(stream.read()).toBe('the page is back\n0:01 | conv | default | no time | 0 of 1 tasks\n');
  });

  test('a round that an interrupt cut off is told of too', () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    const view = tuneView(stream, [conv], {});
    for (const event of events.slice(0, 2)) view.handle(event);
    view.end();
    expect(stream.read()).toBe('0:01 | conv | default | no time | 0 of 1 tasks\n');
  });

  test('a summary has the heaviest task first', () => {
    expect(printSummary(everything())).toBe(`\
┌──────┬───────┬────────┬────────┬────────────┬─────────┬────────┬──────────────┐
│ task │ calls │ trials │ failed │ default ms │ best ms │ faster │ state        │
├──────┼───────┼────────┼────────┼────────────┼─────────┼────────┼──────────────┤
│ conv │     2 │      4 │      1 │      4.200 │   2.100 │  2.00x │ budget spent │
│ gemm │     1 │      1 │        │      2.000 │   2.000 │  1.00x │ all measured │
└──────┴───────┴────────┴────────┴────────────┴─────────┴────────┴──────────────┘
5 trials in 0:06 | model 10.40 → 6.200 ms, 1.68x
`);
  });

  test('the time left follows from whichever budget is spent first', () => {
    const history = everything();
    const leftBy = (budget: { trials?: number; ms?: number }): string | undefined =>
      printState(history, budget, 10_000).split(' | ')[1];
    expect(leftBy({})).toBe('0:10');
    expect(leftBy({ ms: 75_000 })).toBe('0:10, 1:05 left');
    expect(leftBy({ trials: 10 })).toBe('0:10, 0:10 left');
    expect(leftBy({ trials: 10, ms: 15_000 })).toBe('0:10, 0:05 left');
    expect(leftBy({ ms: 5000 })).toBe('0:10, 0:00 left');
  });

  test('a table takes no more lines than there are, and says what it leaves out', () => {
    const tasks = Array.from({ length: 30 }, (_, i) => task(`task ${i}`, 1));
    const lines = printTasks(keepHistory(tasks).history, { lines: 12, columns: 80 }).split('\n');
    expect(lines).toHaveLength(12);
    expect(lines.at(-2)).toContain('and 23 more');
  });

  test('names are cut at their begin and hold no control characters', () => {
    const { history } = keepHistory([task(`${'long/'.repeat(20)}conv\u001b[2J`, 1)]);
    const table = printTasks(history, { lines: 12, columns: 80 });
    expect(table).toContain('…/long/long/conv?[2J');
  });
});

describe('the table on a terminal', () => {
  test('is drawn over the one before, cut to the terminal, and taken off in the end', () => {
    const written: string[] = [];
    const terminal = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, rows: 8, columns: 40 });
    terminal.on('data', (text: string) => written.push(text));
    const view = tuneView(terminal, [conv, gemm], { trials: 5 });
    for (const event of events) view.handle(event);
    view.say('the page is back');
    view.end();
    const text = written.join('');
    expect(text).toContain('0 of 5 trials');
    const [first = ''] = text.split('\u001b[0J').slice(1);
    const lines = first.split('\u001b')[0]?.split('\n') ?? [];
    expect(lines.length).toBeLessThanOrEqual(8);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(text.match(/the page is back\n/g)).toHaveLength(1);
    expect(text.endsWith(`\u001b[${lines.length - 1}A\u001b[1G\u001b[0J`)).toBe(true);
  });
});
