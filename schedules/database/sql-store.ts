import { CompilerError } from '../../ir/errors.ts';
import type { Connection, Database } from './connection.ts';
import { type CacheMode, compareRecords, type TuningRecord, type WorkloadRow } from './record.ts';
import { readIntactRecord, readWorkload, writeRecord } from './rows.ts';
import { type GroupStats, type StoreStats, statsOf } from './stats.ts';
import type { Added, Entry, TuningStore } from './store.ts';

/** A tuning database in SQL, whose schema is of the present version. */
export function sqlStore(database: Database): TuningStore {
  const workloadsWhere = async (condition: string, ...parameters: readonly string[]) =>
    (await database.query(`SELECT * FROM workloads WHERE ${condition} ORDER BY hash`, parameters)).map(readWorkload);
  return {
    place: database.place,
    add: (workloads, records) => database.transaction((connection) => add(connection, workloads, records)),
    findWorkloads: (prefix) => workloadsWhere('substr(hash, 1, length(CAST($1 AS TEXT))) = $1', prefix),
    workloadsOf: (family) => workloadsWhere('family = $1', family),
    recordsOf: (workload, keep) => recordsOf(database, workload, keep),
    entries: () => entries(database),
    stats: () => stats(database),
    prune: async (keep) => (await database.query(pruning, [keep])).length,
    close: database.close,
  };
}

/** In the order of hashes, so that no two processes wait for one another's rows. */
async function add(
  connection: Connection,
  workloads: readonly WorkloadRow[],
  records: readonly TuningRecord[],
): Promise<Added> {
  const newWorkloads = await countNew(
    workloads.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)),
    (workload) => addWorkload(connection, workload),
  );
  await requireWorkloads(connection, workloads, records);
  const rows = records.map(writeRecord).toSorted((a, b) => ((a['id'] ?? '') < (b['id'] ?? '') ? -1 : 1));
  const newRecords = await countNew(rows, (row) => insert(connection, 'records', row));
  return { workloads: newWorkloads, records: newRecords };
}

/** All at once: a server need not be waited for after each. */
const countNew = async <T>(rows: readonly T[], insertRow: (row: T) => Promise<boolean>): Promise<number> =>
  (await Promise.all(rows.map(insertRow))).filter((isNew) => isNew).length;

/** Whether there was none of the same key. */
async function insert(
  connection: Connection,
  table: string,
  row: Readonly<Record<string, string | number>>,
): Promise<boolean> {
  const columns = Object.keys(row);
  const places = columns.map((_, i) => `$${i + 1}`);
  const statement = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})
    ON CONFLICT DO NOTHING RETURNING 1 AS added`;
  return (await connection.query(statement, Object.values(row))).length > 0;
}

async function addWorkload(connection: Connection, { hash, text, family, shape }: WorkloadRow): Promise<boolean> {
  if (await insert(connection, 'workloads', { hash, text, family, shape: JSON.stringify(shape) })) return true;
  const [row] = await connection.query('SELECT * FROM workloads WHERE hash = $1', [hash]);
  if (row?.['text'] !== text) throw new CompilerError(`there is another workload of the hash ${hash}`);
  if (shape.length > 0 && row['shape'] === '[]')
    await connection.query('UPDATE workloads SET shape = $1 WHERE hash = $2', [JSON.stringify(shape), hash]);
  return false;
}

async function requireWorkloads(
  connection: Connection,
  given: readonly WorkloadRow[],
  records: readonly TuningRecord[],
): Promise<void> {
  const there = new Set(given.map(({ hash }) => hash));
  for (const hash of new Set(records.map(({ workload }) => workload))) {
    if (there.has(hash)) continue;
    const found = await connection.query('SELECT hash FROM workloads WHERE hash = $1', [hash]);
    if (found.length === 0) throw new CompilerError(`a record is of the workload ${hash}, which is not there`);
  }
}

const group = 'target, cache, device_class, engine_name, engine_version';

/** The ids of records of a table expression, each with its place in its group. */
const ranked = (records: string): string =>
  `(SELECT id, row_number() OVER (PARTITION BY workload, ${group} ORDER BY ms, created, id) AS place
    FROM ${records}) AS ranked`;

const pruning = `DELETE FROM records WHERE id IN (SELECT id FROM ${ranked('records')} WHERE place > $1) RETURNING id`;

const allOf = 'SELECT * FROM records WHERE workload = $1';
const bestOf = `SELECT * FROM records WHERE id IN
  (SELECT id FROM ${ranked('records WHERE workload = $1')} WHERE place <= $2)`;

async function recordsOf(database: Database, workload: string, keep?: number): Promise<readonly TuningRecord[]> {
  const rows = await (keep === undefined
    ? database.query(allOf, [workload])
    : database.query(bestOf, [workload, keep]));
  return rows.map((row) => readIntactRecord(row, database.place)).sort(compareRecords);
}

async function* entries(database: Database): AsyncGenerator<Entry> {
  const page = 'SELECT * FROM workloads WHERE hash > $1 ORDER BY hash LIMIT 100';
  for (let last = ''; ; ) {
    const workloads = (await database.query(page, [last])).map(readWorkload);
    if (workloads.length === 0) return;
    for (const workload of workloads) {
      yield { workload, records: await recordsOf(database, workload.hash) };
      last = workload.hash;
    }
  }
}

async function stats(connection: Connection): Promise<StoreStats> {
  const [total] = await connection.query('SELECT CAST(count(*) AS INTEGER) AS workloads FROM workloads');
  const rows = await connection.query(
    `SELECT family, ${group}, CAST(count(DISTINCT workload) AS INTEGER) AS workloads,
      CAST(count(*) AS INTEGER) AS records, min(created) AS first, max(created) AS last
    FROM records JOIN workloads ON workloads.hash = records.workload
    GROUP BY family, ${group}`,
  );
  return statsOf(
    Number(total?.['workloads']),
    rows.map(
      (row): GroupStats => ({
        family: String(row['family']),
        target: String(row['target']),
        cache: String(row['cache']) as CacheMode,
        device: String(row['device_class']),
        engine: `${row['engine_name']} ${row['engine_version']}`,
        workloads: Number(row['workloads']),
        records: Number(row['records']),
        first: String(row['first']),
        last: String(row['last']),
      }),
    ),
  );
}
