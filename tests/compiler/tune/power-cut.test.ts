import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../schedules/database/open-store.ts';

const tuner = fileURLToPath(new URL('./tuner.ts', import.meta.url));
const kills = Number(process.env['TILEWRIGHT_RUNS'] ?? 6);

/** What was told of before it was killed, and the processes that measured for it. */
interface Killed {
  readonly reported: readonly string[];
  readonly workers: readonly number[];
}

/** Starts a tuner, and kills it some time after its first report: alone, with its worker, or a while after its worker. */
async function killedTuner(path: string, seed: number): Promise<Killed> {
  const env = { ...process.env, NODE_COMPILE_CACHE: `${path}-code` };
  const child = spawn(process.execPath, [tuner, path, `${seed}`], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const reported: string[] = [];
  const lines = createInterface(child.stdout).on('line', (line) => reported.push(line));
  await once(lines, 'line');
  const before = workersOf(child);
  await delay(Math.random() * 800);
  const way = seed % 3;
  const workers = workersOf(child);
  if (way > 0) for (const worker of workers) killIfThere(worker);
  if (way > 1) await delay(Math.random() * 800);
  const after = workersOf(child);
  child.kill('SIGKILL');
  await closed;
  if (child.signalCode !== 'SIGKILL') throw new Error('a tuner ended by itself');
  // What was cut off in the middle of a report was not told of.
  return { reported: reported.filter(isWhole), workers: [...new Set([...before, ...workers, ...after])] };
}

function workersOf({ pid }: ChildProcess): readonly number[] {
  const { stdout } = spawnSync('pgrep', ['-P', `${pid}`, '-f', 'measure/worker.ts'], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself since it was seen.
  }
}

function isWhole(line: string): boolean {
  try {
    return Array.isArray(JSON.parse(line));
  } catch {
    return false;
  }
}

const isThere = (pid: number): boolean =>
  spawnSync('pgrep', ['-f', 'measure/worker.ts'], { encoding: 'utf8' }).stdout.split('\n').includes(`${pid}`);

test('tuners that are killed, or whose workers are, lose nothing that they told of, and leave nothing that runs', {
  timeout: 30_000 + 10_000 * kills,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tilewright-power-cut-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'tuning.db');
  const all: Killed[] = [];
  // Two at a time into one file, each followed by the next one at once.
  let started = 0;
  async function tuneInTurn(): Promise<void> {
    while (started < kills) all.push(await killedTuner(path, ++started));
  }
  await Promise.all([tuneInTurn(), tuneInTurn()]);
  const database = new DatabaseSync(path);
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  database.close();
  const store = await openStore(path);
  const kept = new Set<string>();
  for await (const { records } of store.entries())
    for (const { trace, ms, samples } of records) kept.add(JSON.stringify([trace, ms, samples]));
  await store.close();
  const reported = all.flatMap((killed) => killed.reported);
  expect(reported.filter((line) => !kept.has(line))).toEqual([]);
  expect(reported.length).toBeGreaterThanOrEqual(kills);
  const workers = all.flatMap((killed) => killed.workers);
  expect(workers.length).toBeGreaterThanOrEqual(kills);
  await expect.poll(() => workers.filter(isThere), { timeout: 10_000 }).toEqual([]);
});
