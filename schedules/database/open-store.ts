import { existsSync } from 'node:fs';
import { CompilerError } from '../../ir/errors.ts';
import { MemoryStore } from './memory-store.ts';
import type { TuningStore } from './store.ts';

export interface OpenOptions {
  /** Refuses a file that is not there, instead of making it. */
  readonly mustExist?: boolean;
  /** Gets the path of the copy that is made of an older file before it is migrated. */
  readonly onBackup?: (path: string) => void;
}

/**
 * Opens a tuning database: `memory`, `postgres://…`, or the path of a SQLite file. Drivers are loaded only where they are
 * used. Throws a CompilerError where it cannot be opened.
 */
export async function openStore(place: string, { mustExist, onBackup }: OpenOptions = {}): Promise<TuningStore> {
  if (place === 'memory') return new MemoryStore();
  if (/^postgres(ql)?:\/\//.test(place)) return (await import('./postgres-store.ts')).openPostgresStore(place);
  if (mustExist && !existsSync(place)) throw new CompilerError(`there is no database ${place}`);
  return (await import('./sqlite-store.ts')).openSqliteStore(place, onBackup);
}
