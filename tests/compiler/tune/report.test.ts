import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { keepHistory } from '../../../compiler/tune/history.ts';
import { printReport, type ReportFacts } from '../../../compiler/tune/report/report.ts';
import type { TuneEvent } from '../../../schedules/search/events.ts';
import { hasChromium, launchChromium } from '../../chromium.ts';
import { candidate, conv, events, gemm, task } from './tuned.ts';

const facts: ReportFacts = {
  model: 'small <model> & "more".onnx',
  target: 'wasm-simd128',
  device: { fingerprint: 'some processor, 2 cores', class: 'x64-simd128' },
  engine: { name: 'v8', version: '13.6' },
  budget: { ms: 60_000, trials: 100 },
  date: '2026-01-02T03:04:05.000Z',
  compilerVersion: '1.2.3',
};

function reportOf(taken: readonly TuneEvent[], tasks = [gemm, conv]): string {
  const { history, take } = keepHistory(tasks);
  for (const event of taken) take(event);
  return printReport(history, facts);
}

/** Twenty candidates, of which a cost model says `predicted` of their times. */
const search = (predicted: (ms: number) => number): readonly TuneEvent[] =>
  Array.from({ length: 20 }, (_, i) => ({
    kind: 'outcome',
    task: conv,
    stage: 'search',
    candidate: candidate(i),
    outcome: { kind: 'time', ms: i + 1, spread: 0.01, samples: 9 },
    predicted: predicted(i + 1),
    trials: i + 1,
    elapsed: i + 1,
  }));

describe('the report', () => {
  const report = reportOf(events);

  test('says what was gained, for which model, where and when', () => {
    for (const said of ['10.40 → 6.200 ms', '1.68x', facts.date, facts.device.fingerprint, '1:00 minutes, 100 trials'])
      expect(report).toContain(said);
    expect(report).toContain('small &#60;model&#62; &#38; &#34;more&#34;.onnx');
  });

  test('has the winners, the heaviest task first, with what they decide otherwise and their traces', () => {
    const [, winners = ''] = report.split('<h2>Winners</h2>');
    expect(winners.indexOf('conv: 2.00x')).toBeLessThan(winners.indexOf('gemm: default'));
    expect(winners).toContain('<td>rows</td><td>1</td><td>8</td>');
    expect(winners).toContain('<pre>split loop=i factors=[null,8]</pre>');
  });

  test.each([
    ['perfect', (ms: number) => -Math.log(ms), '1.00', '0.0 %'],
    ['upside down', (ms: number) => Math.log(ms), '-1.00', '1200.0 %'],
    ['blind', () => 0, '0.00', '0.0 %'],
  ])('tells how well a model ranked: %s', (_, predicted, correlation, regret) => {
    const text = reportOf(search(predicted));
    expect(text).toContain(`rank correlation: ${correlation}`);
    expect(text).toContain(`<td class="number">${correlation}</td><td class="number">${regret}</td>`);
  });

  test.each([
    ['of all', report],
    ['of nothing', reportOf([])],
    ['of a cost model', reportOf(search(() => 0))],
    [
      'of a task whose default failed',
      reportOf([{ kind: 'task-done', task: conv, end: 'failed', decision: undefined }]),
    ],
    ['of strange names', reportOf([], [task('</pre><script>alert("\u0000\ud800")</script>', 1)])],
    ['of no task', reportOf([], [])],
  ])('%s is well-formed, loads nothing, runs nothing, and has only finite numbers', (_, text) => {
    expect(unclosed(text)).toEqual([]);
    expect(text).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\shref=|\sstyle=|\son\w+=|url\(|@import/i);
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('is the same text for the same history', () => {
    expect(reportOf(events)).toBe(report);
  });
});

test.skipIf(!hasChromium)('a browser shows the report under its own strict policy', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tilewright-report-'));
  const browser = await launchChromium();
  try {
    const file = join(folder, 'report.html');
    await writeFile(file, reportOf([...events, ...search((ms) => -Math.log(ms))]));
    const page = await browser.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(file).href);
    expect(requests).toEqual([pathToFileURL(file).href]);
    expect(complaints).toEqual([]);
    expect(await page.locator('svg:visible').count()).toBe(4);
    // The policy names the style by its hash: had it been refused, the column would be as wide as the window.
    expect((await page.locator('body').boundingBox())?.width).toBeLessThan(1100);
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
});

/** The elements that are not closed where they should be. */
function unclosed(text: string): readonly string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, close, name = '', rest = ''] of text.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)>/g)) {
    if (name === 'meta' || rest.endsWith('/')) continue;
    if (close === '') open.push(name);
    else if (open.at(-1) === name) open.pop();
    else wrong.push(`</${name}>`);
  }
  return [...wrong, ...open];
}
