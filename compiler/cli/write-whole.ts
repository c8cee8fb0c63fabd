import { rename, rm } from 'node:fs/promises';
import { CompilerError } from '../../ir/errors.ts';

/**
 * Writes a file that is there whole or not at all: `write` fills one beside it, which is renamed. Throws a CompilerError
 * where that cannot be.
 */
export async function writeWhole(file: string, write: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = `${file}.${process.pid}`;
  try {
    await write(unfinished);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    if (error instanceof CompilerError) throw error;
    throw new CompilerError(`cannot write ${file}: ${(error as Error).message}`, { cause: error });
  }
}
