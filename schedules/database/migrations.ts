import { CompilerError } from '../../ir/errors.ts';
import type { Connection, Database, Dialect } from './connection.ts';
import { idOf, readRecord } from './rows.ts';

/** The statements that lead to each version of the schema from the one before, version 1 first. */
const migrations: readonly ((dialect: Dialect) => readonly string[])[] = [
  ({ text, real, strict }) => [
    `CREATE TABLE workloads (
      hash ${text} PRIMARY KEY,
      text ${text} NOT NULL,
      family ${text} NOT NULL
    ) ${strict}`,
    `CREATE TABLE records (
      id ${text} PRIMARY KEY,
      workload ${text} NOT NULL REFERENCES workloads (hash),
      target ${text} NOT NULL,
      decisions ${text} NOT NULL,
      trace ${text} NOT NULL,
      ms ${real} NOT NULL CHECK (ms > 0),
      spread ${real} NOT NULL CHECK (spread >= 0),
      samples INTEGER NOT NULL CHECK (samples > 0),
      device_fingerprint ${text} NOT NULL,
      device_class ${text} NOT NULL,
      engine_name ${text} NOT NULL,
      engine_version ${text} NOT NULL,
      features ${text} NOT NULL,
      compiler_version ${text} NOT NULL,
      created ${text} NOT NULL
    ) ${strict}`,
    'CREATE INDEX workloads_of_family ON workloads (family)',
    'CREATE INDEX records_of_workload ON records (workload, ms)',
    `CREATE TABLE ${versionTable} (version INTEGER NOT NULL) ${strict}`,
    `INSERT INTO ${versionTable} VALUES (1)`,
  ],
  // What was measured before was measured with warm caches.
  ({ text }) => [
    `ALTER TABLE workloads ADD COLUMN shape ${text} NOT NULL DEFAULT '[]'`,
    `ALTER TABLE records ADD COLUMN cache ${text} NOT NULL DEFAULT 'warm' CHECK (cache IN ('warm', 'cold'))`,
    'DROP INDEX records_of_workload',
    // What ranks the records of a workload is read from the index alone.
    `CREATE INDEX records_in_order ON records
      (workload, target, cache, device_class, engine_name, engine_version, ms, created, id)`,
  ],
];

const versionTable = 'tilewright_version';

/** The version of the schema that this compiler reads and writes. */
export const schemaVersion = migrations.length;

/**
 * The version of a database, 0 where it is empty. Throws a CompilerError where it is newer than this compiler, or holds
 * tables of something else.
 */
export async function versionOf(connection: Connection, place: string): Promise<number> {
  const tables = await connection.tables();
  if (tables.length === 0) return 0;
  if (!tables.includes(versionTable))
    throw new CompilerError(
      `${place} is no tuning database: it holds the tables ${tables.join(', ')} of something else`,
    );
  const [row] = await connection.query(`SELECT version FROM ${versionTable}`);
  const version = Number(row?.['version']);
  if (version > schemaVersion)
    throw new CompilerError(
      `${place} has version ${version} of the schema, made by a newer Tilewright; this one knows up to ${schemaVersion}`,
    );
  return version;
}

/**
 * Brings a database to the version of this compiler, in one transaction. `backUp` is called before an older one is
 * changed, with its version, while no other process can change it.
 */
export async function migrate(database: Database, backUp?: (version: number) => void): Promise<void> {
  await database.exclusively(async (connection) => {
    const version = await versionOf(connection, database.place);
    if (version === schemaVersion) return;
    if (version > 0) backUp?.(version);
    for (const statements of migrations.slice(version))
      for (const statement of statements(connection.dialect)) await connection.query(statement);
    await connection.query(`UPDATE ${versionTable} SET version = $1`, [schemaVersion]);
    await identify(connection);
  });
}

/** Gives each record the id that it has now: one of another version was made of other fields. */
async function identify(connection: Connection): Promise<void> {
  const page = 'SELECT * FROM records WHERE id > $1 ORDER BY id LIMIT 1000';
  for (let last = ''; ; ) {
    const rows = await connection.query(page, [last]);
    if (rows.length === 0) return;
    for (const row of rows) {
      last = String(row['id']);
      await connection.query('UPDATE records SET id = $1 WHERE id = $2', [idOf(readRecord(row)), last]);
    }
  }
}
