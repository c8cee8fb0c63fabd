import type { Storage } from './storage.ts';

/** What is used of Node, without an import of it, which a bundler for browsers would have to resolve. */
interface NodeProcess {
  readonly getBuiltinModule: <M extends keyof NodeModules>(name: M) => NodeModules[M];
  readonly arch: string;
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly versions: Readonly<Record<string, string | undefined>>;
}

interface NodeModules {
  readonly 'node:fs/promises': {
    readonly mkdir: (path: string, options: { readonly recursive: true }) => Promise<unknown>;
    readonly readFile: (path: string, encoding: 'utf8') => Promise<string>;
    readonly rename: (from: string, to: string) => Promise<void>;
    readonly writeFile: (path: string, text: string) => Promise<void>;
  };
  readonly 'node:os': {
    readonly availableParallelism: () => number;
    readonly cpus: () => readonly { readonly model: string }[];
    readonly homedir: () => string;
  };
}

export function nodeProcess(): NodeProcess | undefined {
  const { process } = globalThis as { readonly process?: NodeProcess };
  return process?.getBuiltinModule === undefined ? undefined : process;
}

/** The processor, and the engine that compiles for it. */
export function nodeMachine({ getBuiltinModule, arch, versions }: NodeProcess): readonly unknown[] {
  const { availableParallelism, cpus } = getBuiltinModule('node:os');
  return [arch, cpus()[0]?.model, availableParallelism(), versions['v8'], versions['bun']];
}

/**
 * A file for each key, so that processes which remember choices of different artifacts do not meet; a file is there whole
 * or not at all. In the given folder, or in the one that the system has for what can be made again.
 */
export function nodeStorage({ getBuiltinModule, env, pid, platform }: NodeProcess, folder?: string): Storage {
  const { mkdir, readFile, rename, writeFile } = getBuiltinModule('node:fs/promises');
  const place = folder ?? `${cacheFolder(env, platform, getBuiltinModule('node:os').homedir())}/tilewright/variants`;
  return {
    read: async (key) => readFile(`${place}/${await nameOf(key)}`, 'utf8'),
    write: async (key, text) => {
      const file = `${place}/${await nameOf(key)}`;
      await mkdir(place, { recursive: true });
      await writeFile(`${file}.${pid}`, text);
      await rename(`${file}.${pid}`, file);
    },
  };
}

function cacheFolder(env: NodeProcess['env'], platform: string, home: string): string {
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? `${home}/AppData/Local`;
  if (platform === 'darwin') return `${home}/Library/Caches`;
  const named = env['XDG_CACHE_HOME'];
  return named?.startsWith('/') ? named : `${home}/.cache`;
}

async function nameOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return `${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')}.json`;
}
