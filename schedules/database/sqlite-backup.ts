import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Copies a database, with what stands in its log, to a new file beside it, `<path>.v<version>.backup`, and gives the
 * path of that. It is there whole or not at all.
 */
export async function backUp(path: string, version: number): Promise<string> {
  const backup = freePath(`${path}.v${version}`, '.backup');
  const unfinished = `${backup}.${process.pid}`;
  rmSync(unfinished, { force: true });
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare('VACUUM INTO ?').run(unfinished);
  } finally {
    database.close();
  }
  synchronize(unfinished);
  renameSync(unfinished, backup);
  // Windows opens no folders.
  if (process.platform !== 'win32') synchronize(dirname(backup));
  return backup;
}

function freePath(stem: string, ending: string): string {
  let path = `${stem}${ending}`;
  for (let i = 2; existsSync(path); i++) path = `${stem}-${i}${ending}`;
  return path;
}

/** Has what was written stand on the disk. */
function synchronize(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
