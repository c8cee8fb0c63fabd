import { openStore } from '../../schedules/database/open-store.ts';
import type { TuningStore } from '../../schedules/database/store.ts';

/** Works on a tuning database: one that is there, if it must. Says so where it was migrated. */
export async function withStore<T>(
  place: string,
  mustExist: boolean,
  work: (store: TuningStore) => Promise<T>,
): Promise<T> {
  const onBackup = (path: string): void => {
    process.stderr.write(`${place} was of an older version and has been migrated; as it was, it is kept in ${path}\n`);
  };
  const store = await openStore(place, { mustExist, onBackup });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
