import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CompilerError } from '../../ir/errors.ts';
import type { Connection, Database, Dialect, Row, Value } from './connection.ts';
import { migrate, schemaVersion, versionOf } from './migrations.ts';
import { sqlStore } from './sql-store.ts';
import { backUp } from './sqlite-backup.ts';
import type { TuningStore } from './store.ts';

/** How long a process waits for the others that write to the file, in milliseconds. */
const patience = 30_000;

/**
 * Opens the tuning database in a SQLite file, or makes one. Several processes may use one file at once. What `add` has
 * added survives the end of the process and of the machine: there is a write-ahead log, synchronized at each commit.
 *
 * An older database is copied to a file beside it, whose path `onBackup` gets, and migrated. Throws a CompilerError, and
 * leaves the file as it is, where it is damaged, is something else, or is of a newer version.
 */
export async function openSqliteStore(path: string, onBackup?: (path: string) => void): Promise<TuningStore> {
  const version = await examine(path);
  const database = new SqliteDatabase(path, false);
  try {
    await database.query('PRAGMA journal_mode = WAL');
    await database.query('PRAGMA synchronous = FULL');
    if (version < schemaVersion)
      await migrate(database, (from) => {
        const backup = backUp(path, from);
        onBackup?.(backup);
      });
    return sqlStore(database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The version of the schema in a file, 0 where there is none. Reads only: opening to write may already change it. */
async function examine(path: string): Promise<number> {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined && statSync(dirname(path), { throwIfNoEntry: false }) === undefined)
    throw new CompilerError(`${path} cannot be made: there is no folder ${dirname(path)}`);
  if (size === undefined || size === 0) return 0;
  const database = new SqliteDatabase(path, true);
  try {
    const [row] = await database.query('PRAGMA integrity_check(1)');
    if (row?.['integrity_check'] !== 'ok') throw damaged(path, String(row?.['integrity_check']));
    return await versionOf(database, path);
  } finally {
    await database.close();
  }
}

const damaged = (path: string, found: string): CompilerError =>
  new CompilerError(`${path} is damaged, or no database, and is left as it is: ${found.replaceAll(/\s*\n\s*/g, ' ')}`);

class SqliteDatabase implements Database {
  readonly place: string;
  readonly dialect: Dialect = { text: 'TEXT', real: 'REAL', strict: 'STRICT' };
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** The work that goes before what comes now: there is one connection, and what others do is no part of a transaction. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(place: string, readOnly: boolean) {
    this.place = place;
    this.#database = this.#explained(() => new DatabaseSync(place, { readOnly, timeout: patience }));
  }

  readonly query: Database['query'] = (sql, parameters) => this.#inTurn(() => this.#run(sql, parameters));

  readonly tables: Database['tables'] = async () => tablesOf(this.query);

  readonly transaction: Database['transaction'] = (work) =>
    this.#inTurn(async () => {
      const query: Connection['query'] = async (sql, parameters) => this.#run(sql, parameters);
      await query('BEGIN IMMEDIATE');
      try {
        const result = await work({ query, tables: () => tablesOf(query), dialect: this.dialect });
        await query('COMMIT');
        return result;
      } catch (error) {
        // SQLite has ended it where the disk is full, say.
        if (this.#database.isTransaction) await query('ROLLBACK');
        throw error;
      }
    });

  readonly exclusively: Database['exclusively'] = this.transaction;

  readonly close: Database['close'] = () => this.#inTurn(() => this.#database.close());

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #run(sql: string, parameters: readonly Value[] = []): readonly Row[] {
    return this.#explained(() => {
      const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
      this.#statements.set(sql, statement);
      return statement.all(Object.fromEntries(parameters.map((value, i) => [`$${i + 1}`, value]))) as Row[];
    });
  }

  /** What SQLite refuses, said to a user. A mistake in a statement is ours. */
  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isSqliteError(error)) throw error;
      // The lower byte is the kind of error, the others say more of it.
      switch (error.errcode & 0xff) {
        case 1:
          throw error;
        case 5:
          throw new CompilerError(`${this.place} was locked by another process for ${patience / 1000} s`, {
            cause: error,
          });
        case 11:
        case 26:
          throw damaged(this.place, error.message);
        default:
          throw new CompilerError(`${this.place}: ${error.message}`, { cause: error });
      }
    }
  }
}

async function tablesOf(query: Connection['query']): Promise<readonly string[]> {
  const rows = await query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  return rows.map((row) => String(row['name']));
}

const isSqliteError = (error: unknown): error is Error & { readonly errcode: number } =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
