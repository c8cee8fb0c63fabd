import { indexedDbStorage } from './indexed-db.ts';
import { nodeMachine, nodeProcess, nodeStorage } from './node-storage.ts';
import type { Storage } from './storage.ts';

/** What was found out when an artifact was loaded before. */
export interface Remembered {
  /** Which of the variants. */
  readonly variant: number;
  /** Whether it is known to be the fastest; else that could not be found out, so many times. */
  readonly settled: boolean;
  readonly tries: number;
}

export interface Memory {
  /** Undefined where there is nothing, or nothing of use. */
  readonly read: () => Promise<Remembered | undefined>;
  readonly write: (choice: Remembered) => Promise<void>;
}

/** There are engines that never open their database, once in a while. */
const patienceMs = 1000;

/** What is remembered under a key on this machine and engine, of so many variants. Whatever fails is as if there were nothing. */
export function memoryOf(key: string, variants: number, folder?: string): Memory {
  const storage = storageOf(folder);
  const place = JSON.stringify([machine(), key]);
  return {
    read: async () => parse(await unlessInVain(storage?.read(place)), variants),
    write: async (choice) => {
      await unlessInVain(storage?.write(place, JSON.stringify(choice)));
    },
  };
}

function storageOf(folder: string | undefined): Storage | undefined {
  const node = nodeProcess();
  if (node !== undefined) return nodeStorage(node, folder);
  return typeof indexedDB === 'undefined' ? undefined : indexedDbStorage;
}

function machine(): readonly unknown[] {
  const node = nodeProcess();
  if (node !== undefined) return nodeMachine(node);
  const { userAgent, hardwareConcurrency } = globalThis.navigator ?? {};
  return [userAgent, hardwareConcurrency];
}

async function unlessInVain<T>(result: Promise<T> | undefined): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  try {
    return await Promise.race([result, patience]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function parse(text: unknown, variants: number): Remembered | undefined {
  try {
    const { variant, settled, tries } = JSON.parse(String(text));
    const isThere = Number.isInteger(variant) && variant >= 0 && variant < variants;
    return isThere && typeof settled === 'boolean' && Number.isInteger(tries) ? { variant, settled, tries } : undefined;
  } catch {
    return undefined;
  }
}
