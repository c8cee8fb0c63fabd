import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../schedules/database/open-store.ts';
import { collect } from './rows.ts';

const writer = fileURLToPath(new URL('./writer.ts', import.meta.url));
const kills = 50;

/** Starts a writer, kills it some milliseconds after it has reported its first record, gives what it reported. */
function killedWriter(path: string, name: string, afterMs: number): Promise<readonly string[]> {
  const env = { ...process.env, NODE_COMPILE_CACHE: `${path}-code` };
  const child = spawn(process.execPath, [writer, path, name], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [reported, failed] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    failed += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (reported === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    reported += text;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`a writer ended by itself:\n${failed}`));
      // What follows the last line end was cut off in the middle of a report.
      else resolve(reported.split('\n').slice(0, -1));
    });
  });
}

test('no record that was reported is lost, and no file damaged, when writers are killed', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tilewright-durability-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'tuning.db');
  const reported: string[] = [];
  // Two at a time, each followed by the next one at once: they die alone, together, and while another one opens.
  let started = 0;
  async function writeInTurn(): Promise<void> {
    while (started < kills) reported.push(...(await killedWriter(path, `writer${++started}`, Math.random() * 60)));
  }
  await Promise.all([writeInTurn(), writeInTurn()]);
  const database = new DatabaseSync(path);
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  database.close();
  const store = await openStore(path);
  const entries = await collect(store.entries());
  await store.close();
  const kept = new Set(entries.flatMap(({ records }) => records.map(({ device }) => device.fingerprint)));
  expect(reported.filter((id) => !kept.has(id))).toEqual([]);
  expect(reported.length).toBeGreaterThanOrEqual(kills);
});
