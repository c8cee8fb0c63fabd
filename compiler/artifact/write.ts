import { mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CompilerError } from '../../ir/errors.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';

/**
 * Writes the files of an artifact, or others, to a folder that does not exist yet or is empty. They are written beside
 * it and renamed into place, so that the folder is there whole or not at all; where the signal aborts, nothing is left.
 * Throws CompilerError where the folder holds something already or cannot be written.
 */
export async function writeArtifact(files: ArtifactFiles, folder: string, signal?: AbortSignal): Promise<void> {
  const target = resolve(folder);
  const parent = dirname(target);
  const isThere = await checkFree(folder);
  let staging: string | undefined;
  try {
    await mkdir(parent, { recursive: true });
    staging = await mkdtemp(join(parent, `.${basename(target)}-`));
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(staging, name)), { recursive: true });
      await writeFile(join(staging, name), bytes, { signal });
    }
    // Windows does not rename over an empty folder, as others do.
    if (isThere) await rmdir(target);
    await rename(staging, target);
  } catch (error) {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true });
    throw new CompilerError(`cannot write ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Whether the folder exists, and is empty; false where it is yet to be made. Throws CompilerError where it holds
 * something, or where one of that name cannot be.
 */
export async function checkFree(folder: string): Promise<boolean> {
  try {
    const entries = await readdir(folder);
    if (entries.length === 0) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new CompilerError(`cannot write to ${folder}: ${(error as Error).message}`, { cause: error });
  }
  throw new CompilerError(`${folder} exists and is not empty: choose another folder or remove it`);
}
