import { readdir, readFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { mistakesInRecord } from '../../../schedules/database/record.ts';
import { start, tilewright } from './tilewright.ts';
import { recordsIn, tuningFolder } from './tuning.ts';

const folder = await tuningFolder();
const { at } = folder;
afterAll(folder.remove);

const tune = (file: string, ...args: readonly string[]) => ['tune', at('dense.tir'), '--db', at(file), ...args];

describe('tune', { timeout: 60_000 }, () => {
  test('measures as many schedules as it may, keeps what it found, and says what came of it', async () => {
    const { code, stdout, stderr } = await tilewright(tune('a.db', '--trials', '12', '--seed', '3'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\| matmul_tanh \| default \| best [\d.]+ ms, 1.00x/);
    expect(stdout).toMatch(/12 trials in \d:\d\d \| model [\d.]+ → [\d.]+ ms, [\d.]+x/);
    const found = await recordsIn(at('a.db'));
    expect(found.length).toBeGreaterThanOrEqual(12);
    for (const { workload, record } of found) {
      expect(workload).toMatchObject({ family: 'matmul', shape: [1, 24, 32, 40] });
      expect(mistakesInRecord(JSON.parse(JSON.stringify(record)))).toEqual([]);
    }
    const traces = found.map(({ record }) => JSON.stringify(record.trace));
    expect(new Set(traces).size).toBeGreaterThanOrEqual(8);
  });

  test('writes a report', async () => {
    const { code, stdout } = await tilewright(tune('d.db', '--trials', '3', '--report', at('report.html')));
    expect(code).toBe(0);
    expect(stdout).toContain(`${at('report.html')}: the report`);
    const report = await readFile(at('report.html'), 'utf8');
    for (const said of ['<h1>Tuning of dense.tir</h1>', 'matmul_tanh', '3 trials', '</html>'])
      expect(report).toContain(said);
    expect(await readdir(at('.'))).not.toContainEqual(expect.stringMatching(/^report.html./));
  });

  test('does not begin where a report cannot be written', async () => {
    const { code, stderr } = await tilewright(tune('e.db', '--trials', '3', '--report', at('nowhere/report.html')));
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot write ${at('nowhere/report.html')}`);
    expect(await readdir(at('.'))).not.toContain('e.db');
  });

  test('an interrupt ends it, with what was finished', async () => {
    const { child, ended, said } = start(tune('b.db', '--time', '1h'));
    await said(/candidates/);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/trials in \d:\d\d, interrupted/);
    expect((await recordsIn(at('b.db'))).length).toBeGreaterThan(0);
  });

  test('a time needs a unit', async () => {
    const { code, stderr } = await tilewright(tune('c.db', '--time', '90'));
    expect(code).toBe(2);
    expect(stderr).toContain('Expected a time as 500ms, 90s, 5m or 2h.');
  });
});
