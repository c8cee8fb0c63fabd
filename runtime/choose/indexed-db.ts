import type { Storage } from './storage.ts';

const database = 'tilewright';
const table = 'variants';

/** In a page and in a worker. The database is open only while it is used, so that no tab waits for another one. */
export const indexedDbStorage: Storage = {
  read: (key) => use('readonly', (entries) => entries.get(key)),
  write: async (key, text) => {
    await use('readwrite', (entries) => entries.put(text, key));
  },
};

async function use(mode: IDBTransactionMode, work: (entries: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const opening = indexedDB.open(database);
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(table));
  const opened = (await ended(opening)) as IDBDatabase;
  try {
    return await ended(work(opened.transaction(table, mode).objectStore(table)));
  } finally {
    opened.close();
  }
}

const ended = (request: IDBRequest): Promise<unknown> =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
