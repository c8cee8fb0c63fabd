import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CompilerError } from '../../ir/errors.ts';
import type { ArtifactFiles } from './assemble.ts';

/**
 * Writes an artifact to a folder that does not exist yet or is empty. The files are written beside it and the folder
 * is renamed into place, so that it is there whole or not at all. Throws CompilerError where it exists already or
 * cannot be written.
 */
export async function writeArtifact(files: ArtifactFiles, folder: string): Promise<void> {
  const target = resolve(folder);
  await refuseOccupied(target);
  const parent = dirname(target);
  let staging: string | undefined;
  try {
    await mkdir(parent, { recursive: true });
    staging = await mkdtemp(join(parent, `.${basename(target)}-`));
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(staging, name)), { recursive: true });
      await writeFile(join(staging, name), bytes);
    }
    await rename(staging, target);
  } catch (error) {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true });
    throw new CompilerError(`cannot write ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

async function refuseOccupied(target: string): Promise<void> {
  try {
    const entries = await readdir(target);
    if (entries.length > 0)
      throw new CompilerError(`${target} exists and is not empty: choose another folder or remove it`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTDIR') throw new CompilerError(`${target} exists and is no folder`, { cause: error });
    if (code !== 'ENOENT') throw error;
  }
}
