import { indexedDbStorage } from './indexed-db.ts';
import { nodeMachine, nodeProcess, nodeStorage } from './node-storage.ts';
import type { Storage } from './storage.ts';

/** What was found out when an artifact was loaded before. */
export interface Remembered {
  /** Which of the variants. */
  readonly variant: number;
  /** Whether it was found to be the fastest; else that could not be found out within this budget. */
  readonly settled: boolean;
  readonly budget: number;
}

export interface Memory {
  /** Undefined where there is nothing, or nothing of use. */
  readonly read: () => Promise<Remembered | undefined>;
  readonly write: (choice: Remembered) => Promise<void>;
}

/** There are engines that never open their database, once in a while. */
const patienceMs = 1000;

/** What is remembered under a key on this machine and engine. Whatever fails is as if there were nothing. */
export function memoryOf(key: string, folder?: string): Memory {
  const storage = storageOf(folder);
  const place = JSON.stringify([machine(), key]);
  return {
    read: async () => parse(await unlessInVain(storage?.read(place))),
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

function parse(text: unknown): Remembered | undefined {
  try {
    const { variant, settled, budget } = JSON.parse(String(text));
    const isWhole = Number.isInteger(variant) && typeof settled === 'boolean' && typeof budget === 'number';
    return isWhole ? { variant, settled, budget } : undefined;
  } catch {
    return undefined;
  }
}
