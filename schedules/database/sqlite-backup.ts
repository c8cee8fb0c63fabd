import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CompilerError } from '../../ir/errors.ts';

/**
 * Copies a database, with what stands in its log, to a new file beside it, `<path>.v<version>.backup`, and gives the
 * path of that. It is there whole or not at all. Throws a CompilerError where it cannot be written.
 */
export function backUp(path: string, version: number): string {
  const backup = freePath(`${path}.v${version}`, '.backup');
  const unfinished = `${backup}.${process.pid}`;
  try {
    rmSync(unfinished, { force: true });
    copy(path, unfinished);
    synchronize(unfinished);
    renameSync(unfinished, backup);
    // Windows opens no folders.
    if (process.platform !== 'win32') synchronize(dirname(backup));
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new CompilerError(`cannot back up ${path}: ${(error as Error).message}`, { cause: error });
  }
  return backup;
}

function copy(path: string, to: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
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
