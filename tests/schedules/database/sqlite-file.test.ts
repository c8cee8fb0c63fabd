import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CompilerError } from '../../../ir/errors.ts';
import { openStore } from '../../../schedules/database/open-store.ts';
import { collect, record, workload } from './rows.ts';
import { old, oldRecords, version1 } from './version-1.ts';

let folder: string;
const at = (...names: readonly string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-sqlite-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function write(path: string, statements: readonly string[]): void {
  const database = new DatabaseSync(path);
  for (const statement of statements) database.exec(statement);
  database.close();
}

function read(path: string, sql: string): readonly unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

/** A database with enough records for several pages of each table and index. */
async function fill(path: string): Promise<void> {
  const store = await openStore(path);
  const workloads = Array.from({ length: 40 }, (_, i) => workload(`w${i}`));
  await store.add(
    workloads,
    workloads.flatMap((of) => [1, 2, 3, 4, 5].map((ms) => record(of, ms))),
  );
  await store.close();
}

describe('a file', () => {
  test('is made where there is none, or an empty one, in a folder that is there', async () => {
    writeFileSync(at('empty.db'), '');
    for (const name of ['new.db', 'empty.db']) await (await openStore(at(name))).close();
    // The log is gone with the last connection: the one file is all there is.
    expect((await readdir(folder)).sort()).toEqual(['empty.db', 'new.db']);
    expect(read(at('empty.db'), 'SELECT version FROM tilewright_version')).toEqual([{ version: 2 }]);
    await expect(openStore(at('nowhere', 'new.db'))).rejects.toThrow(/there is no folder/);
    await expect(openStore(at('absent.db'), { mustExist: true })).rejects.toThrow(/^there is no database /);
  });

  test('keeps a log that is synchronized at each commit', async () => {
    const store = await openStore(at('log.db'));
    expect(existsSync(at('log.db-wal'))).toBe(true);
    expect(read(at('log.db'), 'PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    await store.close();
  });

  test('of version 1 is migrated, once, after a backup beside it', async () => {
    write(at('old.db'), version1('TEXT', 'REAL'));
    const backups: string[] = [];
    const open = () => openStore(at('old.db'), { onBackup: (path) => backups.push(path) });
    const store = await open();
    expect(await collect(store.entries())).toEqual([{ workload: old, records: oldRecords }]);
    // The records are known again, and the shape is learnt.
    expect(await store.add([{ ...old, shape: [3] }], oldRecords)).toEqual({ workloads: 0, records: 0 });
    expect(await store.findWorkloads(old.hash)).toEqual([{ ...old, shape: [3] }]);
    await store.close();
    await (await open()).close();
    expect(backups).toEqual([at('old.db.v1.backup')]);
    expect(read(at('old.db.v1.backup'), 'SELECT id FROM records ORDER BY ms')).toEqual([
      { id: 'id of 0.1' },
      { id: 'id of 2' },
    ]);
    // The backup is a whole database of that version, and no backup is written over.
    copyFileSync(at('old.db.v1.backup'), at('old.db'));
    const again = await open();
    expect(await again.recordsOf(old.hash)).toEqual(oldRecords);
    await again.close();
    expect(backups[1]).toBe(at('old.db.v1-2.backup'));
    // Whether anybody wants to know of it or not.
    write(at('silent.db'), version1('TEXT', 'REAL'));
    await (await openStore(at('silent.db'))).close();
    expect(read(at('silent.db.v1.backup'), 'SELECT version FROM tilewright_version')).toEqual([{ version: 1 }]);
  });

  test('that cannot be migrated stays as it is', async () => {
    // A table of the old version that does not fit: the second migration fails half-way.
    write(at('odd.db'), [...version1('TEXT', 'REAL'), "ALTER TABLE records ADD COLUMN cache TEXT DEFAULT 'warm'"]);
    await expect(openStore(at('odd.db'))).rejects.toThrow(/duplicate column name/);
    expect(read(at('odd.db'), 'SELECT * FROM tilewright_version')).toEqual([{ version: 1 }]);
    expect(read(at('odd.db'), 'SELECT * FROM workloads')).toEqual([
      { hash: old.hash, text: old.text, family: 'matmul' },
    ]);
  });

  describe('is refused, and left as it is, byte for byte', () => {
    async function expectRefused(path: string, message: RegExp): Promise<void> {
      const before = readFileSync(path);
      const refusal = openStore(path);
      await expect(refusal).rejects.toThrow(CompilerError);
      await expect(refusal).rejects.toThrow(message);
      expect(readFileSync(path).equals(before)).toBe(true);
    }

    test('where it is of a newer version', async () => {
      write(at('newer.db'), [...version1('TEXT', 'REAL'), 'UPDATE tilewright_version SET version = 99']);
      await expectRefused(
        at('newer.db'),
        /has version 99 of the schema, made by a newer Tilewright; this one knows up to 2/,
      );
    });

    test('where it is a database of something else', async () => {
      write(at('other.db'), ['CREATE TABLE songs (name TEXT)']);
      await expectRefused(at('other.db'), /is no tuning database: it holds the tables songs of something else/);
    });

    test('where it is no database', async () => {
      writeFileSync(at('text.db'), 'These are not the records you are looking for.\n'.repeat(100));
      await expectRefused(at('text.db'), /is damaged, or no database, and is left as it is: file is not a database/);
      await mkdir(at('folder.db'));
      await expect(openStore(at('folder.db'))).rejects.toThrow(/folder\.db: /);
    });

    test('where it is cut off', async () => {
      await fill(at('whole.db'));
      const bytes = readFileSync(at('whole.db'));
      writeFileSync(at('cut.db'), bytes.subarray(0, bytes.length / 2));
      await expectRefused(at('cut.db'), /is damaged, or no database, and is left as it is/);
    });
  });

  test('that is damaged anywhere gives what was written, or says that it is damaged and is left as it is', async () => {
    const known = new Map<string, unknown>();
    await fill(at('source.db'));
    const source = await openStore(at('source.db'));
    for await (const { workload: of, records } of source.entries()) known.set(of.hash, records);
    await source.close();
    const bytes = readFileSync(at('source.db'));
    const damage = fc.record({ from: fc.nat(bytes.length - 1), by: fc.uint8Array({ minLength: 1, maxLength: 300 }) });
    const path = at('damaged.db');
    await fc.assert(
      fc.asyncProperty(damage, async ({ from, by }) => {
        const damaged = Buffer.from(bytes);
        damaged.set(by.subarray(0, bytes.length - from), from);
        for (const end of ['-wal', '-shm']) await rm(`${path}${end}`, { force: true });
        writeFileSync(path, damaged);
        try {
          const store = await openStore(path);
          try {
            for await (const { workload: of, records } of store.entries())
              if (known.has(of.hash)) expect(records).toEqual(known.get(of.hash));
          } finally {
            await store.close();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(CompilerError);
          expect(readFileSync(path).equals(damaged)).toBe(true);
        }
      }),
      { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 150) },
    );
  });
});
