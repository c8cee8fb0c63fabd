import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../../schedules/database/open-store.ts';
import type { TuningRecord, WorkloadRow } from '../../../schedules/database/record.ts';
import { hasPostgres, startPostgres } from '../../schedules/database/postgres-server.ts';
import { record, workload } from '../../schedules/database/rows.ts';
import { version1 } from '../../schedules/database/version-1.ts';
import { tilewright } from './tilewright.ts';

const [a, b] = [workload('a'), workload('b', { family: 'conv', shape: [1, 3, 224, 224] })];
const relaxed = { target: 'wasm-relaxed-simd', spread: 0.025 };

let folder: string;
const at = (...names: readonly string[]) => join(folder, ...names);

async function make(
  name: string,
  workloads: readonly WorkloadRow[],
  records: readonly TuningRecord[],
): Promise<string> {
  const store = await openStore(at(name));
  await store.add(workloads, records);
  await store.close();
  return at(name);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-db-'));
  await make('tuning.db', [a, b], [record(a, 1.5), record(a, 12.25), record(a, 1.25, relaxed), record(b, 3)]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const db = (command: string, ...args: readonly string[]) => tilewright(['db', command, ...args]);

async function done(command: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await db(command, ...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

/** The cells of each row of a table, without what is drawn around them. */
const cells = (table: string): readonly (readonly string[])[] =>
  table
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('│')
        .map((cell) => cell.trim()),
    );

describe('what a database holds', () => {
  test('is listed, by the best of each kind of device', async () => {
    const place = ['x64', 'v8 13.6', 'warm'];
    const rows = [
      [a.hash.slice(0, 12), 'matmul', '1 2', '1', '1.250', '2.5', 'wasm-relaxed-simd', ...place],
      [a.hash.slice(0, 12), 'matmul', '1 2', '2', '1.500', '1.0', 'wasm-simd128', ...place],
      [b.hash.slice(0, 12), 'conv', '1 3 224 224', '1', '3.000', '1.0', 'wasm-simd128', ...place],
    ].sort(([x = ''], [y = '']) => (x < y ? -1 : x > y ? 1 : 0));
    const [, ...shown] = cells(await done('ls', '--db', at('tuning.db')));
    expect(shown).toEqual(rows);
  });

  test('is shown for one workload, with the schedule of the fastest', async () => {
    const shown = await done('show', a.hash.slice(0, 6), '--db', at('tuning.db'));
    expect(shown.startsWith(`workload ${a.hash}\nfamily matmul, shape 1 2\n\n${a.text}`)).toBe(true);
    expect(cells(shown).map(([ms]) => ms)).toEqual(['ms', '1.250', '1.500', '12.25']);
    expect(cells(shown)[1]?.slice(-2)).toEqual(['2026-11-28T09:30:00.000Z', 'matmul.packed=true matmul.rows=5']);
    expect(shown).toMatch(/the schedule of the fastest:\n\nsample-categorical .*\nsplit loop=i factors=\[null,5\]\n$/);
    expect((await db('show', 'x', '--db', at('tuning.db'))).stderr).toMatch(/no workload whose hash starts with x$/m);
    expect((await db('show', '', '--db', at('tuning.db'))).stderr).toMatch(/the hashes of 2 workloads start with/);
  });

  test('is counted', async () => {
    const shown = await done('stats', '--db', at('tuning.db'));
    expect(shown).toMatch(/^2 workloads, 4 records\n/);
    const days = ['2026-11-28', '2026-11-28'];
    expect(cells(shown).slice(1)).toEqual([
      ['conv', 'wasm-simd128', 'x64', 'v8 13.6', 'warm', '1', '1', ...days],
      ['matmul', 'wasm-relaxed-simd', 'x64', 'v8 13.6', 'warm', '1', '1', ...days],
      ['matmul', 'wasm-simd128', 'x64', 'v8 13.6', 'warm', '1', '2', ...days],
    ]);
    expect(await done('stats', '--db', 'memory')).toBe('0 workloads, 0 records\n');
  });
});

describe('records go from one database to another', () => {
  test('by a file, the same for the same content', async () => {
    expect(await done('export', at('a.jsonl'), '--db', at('tuning.db'))).toBe(
      `${at('a.jsonl')}: 7 lines of ${at('tuning.db')}\n`,
    );
    const added = await done('import', at('a.jsonl'), '--db', at('copy.db'));
    expect(added).toBe(`4 records and 2 workloads of ${at('a.jsonl')} were new to ${at('copy.db')}\n`);
    expect(await done('import', at('a.jsonl'), '--db', at('copy.db'))).toMatch(/^0 records and 0 workloads of /);
    await done('export', at('b.jsonl'), '--db', at('copy.db'));
    expect(await readFile(at('b.jsonl'), 'utf8')).toBe(await readFile(at('a.jsonl'), 'utf8'));
  });

  test('by merging', async () => {
    const other = await make('other.db', [a, b], [record(a, 1.5), record(b, 7)]);
    await done('import', at('a.jsonl'), '--db', at('merged.db'));
    const said = await done('merge', other, '--db', at('merged.db'));
    expect(said).toBe(`1 records and 0 workloads of ${other} were new to ${at('merged.db')}\n`);
    expect(await done('stats', '--db', at('merged.db'))).toMatch(/^2 workloads, 5 records/);
  });

  test.skipIf(!hasPostgres)('by a PostgreSQL server', async () => {
    const server = await startPostgres();
    try {
      const address = await server.newDatabase();
      expect(await done('merge', at('tuning.db'), '--db', address)).toMatch(/^4 records and 2 workloads of /);
      await done('merge', address, '--db', at('back.db'));
      await done('export', at('c.jsonl'), '--db', at('back.db'));
      expect(await readFile(at('c.jsonl'), 'utf8')).toBe(await readFile(at('a.jsonl'), 'utf8'));
    } finally {
      await server.stop();
    }
  });

  test('and none from a file with a mistake', async () => {
    const text = await readFile(at('a.jsonl'), 'utf8');
    await writeFile(at('bad.jsonl'), text.replaceAll('"ms":1.5,', '"ms":"fast",'));
    const { code, stderr } = await db('import', at('bad.jsonl'), '--db', at('fresh.db'));
    expect(stderr).toMatch(
      /^error: .*bad\.jsonl is not valid:\n {2}- line \d: 'ms' should be a positive number, is "fast"\n$/,
    );
    expect(code).toBe(1);
    expect(await done('stats', '--db', at('fresh.db'))).toBe('0 workloads, 0 records\n');
    expect((await db('import', at('nowhere.jsonl'), '--db', at('fresh.db'))).stderr).toMatch(
      /^error: cannot read .*nowhere/,
    );
  });

  test('a file that cannot be written is none', async () => {
    const { code, stderr } = await db('export', at('nowhere', 'a.jsonl'), '--db', at('tuning.db'));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: cannot write .*nowhere/)]);
    const damaged = await make('damaged.db', [a], [record(a, 1)]);
    new DatabaseSync(damaged).exec('UPDATE records SET ms = 2');
    const { stderr: said } = await db('export', at('damaged.jsonl'), '--db', damaged);
    expect(said).toMatch(/^error: .*damaged\.db is damaged: the record [0-9a-f]{64} is not what was written$/m);
    expect((await readdir(folder)).filter((name) => name.startsWith('damaged.jsonl'))).toEqual([]);
  });
});

test('prune keeps the best of each kind', async () => {
  const path = await make(
    'many.db',
    [a],
    [1, 2, 3, 4, 5, 6, 7].flatMap((ms) => [record(a, ms), record(a, ms, relaxed)]),
  );
  expect(await done('prune', '--db', path)).toBe(`4 records removed from ${path}: the best 5 of each kind are left\n`);
  expect(await done('prune', '--keep', '1', '--db', path)).toMatch(/^8 records removed/);
});

test('an older database is migrated, and where it is kept is said', async () => {
  const database = new DatabaseSync(at('old.db'));
  for (const statement of version1('TEXT', 'REAL')) database.exec(statement);
  database.close();
  const { code, stdout, stderr } = await db('stats', '--db', at('old.db'));
  expect([code, stdout.split('\n')[0]]).toEqual([0, '1 workloads, 2 records']);
  expect(stderr).toBe(
    `${at('old.db')} was of an older version and has been migrated; as it was, it is kept in ${at('old.db.v1.backup')}\n`,
  );
});

test.each<[string, readonly string[], number, RegExp]>([
  ['no database', ['ls'], 2, /required option '--db <DB>' not specified/],
  ['a database that is not there', ['stats', '--db', 'nowhere.db'], 1, /^error: there is no database nowhere\.db$/m],
  [
    'another database that is not there',
    ['merge', 'nowhere.db', '--db', 'memory'],
    1,
    /there is no database nowhere\.db$/m,
  ],
  ['nothing kept', ['prune', '--keep', '0', '--db', 'memory'], 2, /Expected a whole number ≥ 1/],
  ['no command', [], 2, /Usage: tilewright db/],
  ['an unknown command', ['drop'], 2, /unknown command 'drop'/],
])('%s is refused', async (_, args, code, message) => {
  const ended = await tilewright(['db', ...args]);
  expect(ended.stderr).toMatch(message);
  expect([ended.code, ended.stdout]).toEqual([code, '']);
});
