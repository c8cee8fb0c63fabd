import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';

/** Where Debian's package `postgresql` puts the server, of the newest version that is there. */
const binaries = findBinaries();

function findBinaries(): string | undefined {
  const versions = '/usr/lib/postgresql';
  if (!existsSync(versions)) return undefined;
  return readdirSync(versions)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

export const hasPostgres = binaries !== undefined;

export interface PostgresServer {
  /** The address of a new, empty database. */
  readonly newDatabase: () => Promise<string>;
  /** Runs statements in a database. */
  readonly run: (address: string, sql: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a PostgreSQL server with a cluster of its own in a temporary folder, on a free port of this machine. */
export async function startPostgres(): Promise<PostgresServer> {
  if (binaries === undefined) throw new Error('there is no PostgreSQL server');
  const folder = await mkdtemp(join(tmpdir(), 'tilewright-postgres-'));
  const [data, passwordFile] = [join(folder, 'data'), join(folder, 'password')];
  const [password, port, user] = [randomUUID(), await freePort(), unprivileged()];
  await writeFile(passwordFile, password);
  if (user !== undefined) for (const path of [folder, passwordFile]) await chown(path, user.uid, user.gid);
  const options = ['-U', 'tuner', '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--no-sync', '-E', 'UTF8'];
  await promisify(execFile)(join(binaries, 'initdb'), ['-D', data, '--locale', 'C.UTF-8', ...options], {
    ...user,
    cwd: folder,
  });
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
  const server = spawn(
    join(binaries, 'postgres'),
    ['-D', data, '-p', `${port}`, ...settings.flatMap((setting) => ['-c', setting])],
    { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const address = (database: string): string => `postgres://tuner:${password}@127.0.0.1:${port}/${database}`;
  await untilReady(server, address('postgres'));
  let databases = 0;
  return {
    newDatabase: async () => {
      const name = `tuning${++databases}`;
      await run(address('postgres'), `CREATE DATABASE ${name}`);
      return address(name);
    },
    run,
    stop: async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function run(address: string, text: string): Promise<void> {
  const sql = postgres(address, { max: 1 });
  try {
    await sql.unsafe(text);
  } finally {
    await sql.end();
  }
}

/** PostgreSQL refuses to run as root: it then runs as its own user or as nobody. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody'])
    try {
      const id = (flag: string): number => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // There is no such user.
    }
  throw new Error('there is no user to run PostgreSQL as');
}

async function untilReady(server: ChildProcess, address: string): Promise<void> {
  let log = '';
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  for (let tries = 0; server.exitCode === null; tries++) {
    try {
      return await run(address, 'SELECT 1');
    } catch (error) {
      if (tries > 200) throw error;
      await setTimeout(100);
    }
  }
  throw new Error(`PostgreSQL did not start:\n${log}`);
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
