import postgres from 'postgres';
import { CompilerError } from '../../ir/errors.ts';
import type { Connection, Database, Dialect, Row, Value } from './connection.ts';
import { migrate } from './migrations.ts';
import { sqlStore } from './sql-store.ts';
import type { TuningStore } from './store.ts';

/** Tables of ours stand in a schema of their own, beside whatever else the database holds. */
const schema = 'tilewright';

const dialect: Dialect = { text: 'TEXT COLLATE "C"', real: 'DOUBLE PRECISION', strict: '' };

/**
 * Opens the tuning database on a PostgreSQL server, `postgres://user:password@host:port/database`, or makes one in its
 * schema `tilewright`. An older one is migrated in one transaction; backups are left to whoever keeps the server. Throws
 * a CompilerError where the server cannot be reached or refuses, or where the database is of a newer version.
 */
export async function openPostgresStore(address: string): Promise<TuningStore> {
  const database = openDatabase(address);
  try {
    await database.exclusively(async ({ query }) => {
      const found = await query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
      if (found.length === 0) await query(`CREATE SCHEMA ${schema}`);
    });
    await migrate(database);
    return sqlStore(database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

function openDatabase(address: string): Database {
  const place = withoutPassword(address);
  const sql = postgres(address, {
    connect_timeout: 10,
    connection: { application_name: 'tilewright', search_path: schema },
    onnotice: () => undefined,
  });
  const over = (client: Pick<typeof sql, 'unsafe'>): Connection => {
    const query: Connection['query'] = (text, parameters = []) =>
      explained(place, () => client.unsafe<Row[]>(text, parameters as Value[], { prepare: true }));
    const tables: Connection['tables'] = async () => {
      const rows = await query('SELECT tablename FROM pg_tables WHERE schemaname = $1', [schema]);
      return rows.map((row) => String(row['tablename']));
    };
    return { query, tables, dialect };
  };
  const transaction: Database['transaction'] = <T>(work: (connection: Connection) => Promise<T>) =>
    explained(place, async () => (await sql.begin((client) => work(over(client)))) as T);
  return {
    ...over(sql),
    place,
    transaction,
    exclusively: (work) =>
      transaction(async (connection) => {
        // The number says nothing: it is what processes of ours agree on.
        await connection.query('SELECT pg_advisory_xact_lock(8451929)');
        return work(connection);
      }),
    close: () => sql.end(),
  };
}

/** Errors of server and connection, said to a user. What the server finds wrong in a statement is ours (class 42). */
async function explained<T>(place: string, work: () => PromiseLike<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    const insufficientPrivilege = '42501';
    if (code === undefined || (/^42...$/.test(code) && code !== insufficientPrivilege)) throw error;
    throw new CompilerError(`${place}: ${(error as Error).message || code}`, { cause: error });
  }
}

function withoutPassword(address: string): string {
  try {
    const url = new URL(address);
    url.password = '';
    url.search = '';
    return url.href;
  } catch (error) {
    throw new CompilerError(
      'the address of the server is none: it should be postgres://user:password@host:port/database',
      {
        cause: error,
      },
    );
  }
}
