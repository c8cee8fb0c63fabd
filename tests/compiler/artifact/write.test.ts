import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkFree, writeArtifact } from '../../../compiler/artifact/write.ts';
import { CompilerError } from '../../../compiler/index.ts';

const files = { 'manifest.json': Uint8Array.of(1, 2), 'runtime/index.js': Uint8Array.of(3) };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-write-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const contents = async () => (await readdir(folder, { recursive: true })).sort();

describe('writeArtifact', () => {
  test('makes the folder, and those above it', async () => {
    await writeArtifact(files, join(folder, 'a', 'b'));
    expect((await readdir(join(folder, 'a', 'b'), { recursive: true })).sort()).toEqual([
      'manifest.json',
      'runtime',
      join('runtime', 'index.js'),
    ]);
    expect(await readdir(join(folder, 'a'))).toEqual(['b']);
  });

  test('fills an empty folder', async () => {
    await mkdir(join(folder, 'out'));
    await writeArtifact(files, join(folder, 'out'));
    expect([...(await readFile(join(folder, 'out', 'manifest.json')))]).toEqual([1, 2]);
    expect(await readdir(folder)).toEqual(['out']);
  });

  test('refuses a folder that holds something, and leaves it alone', async () => {
    await mkdir(join(folder, 'out'));
    await writeFile(join(folder, 'out', 'mine.txt'), 'mine');
    await expect(writeArtifact(files, join(folder, 'out'))).rejects.toThrow('exists and is not empty');
    expect(await contents()).toEqual(['out', join('out', 'mine.txt')]);
  });

  test('refuses a file, and a folder under a file', async () => {
    await writeFile(join(folder, 'file'), 'mine');
    for (const target of ['file', join('file', 'out'), join('file', 'deep', 'out')])
      await expect(writeArtifact(files, join(folder, target))).rejects.toThrow(CompilerError);
    expect(await contents()).toEqual(['file']);
  });

  test('leaves nothing where writing fails on the way', async () => {
    const clashing = { 'manifest.json': Uint8Array.of(1), 'manifest.json/inner': Uint8Array.of(2) };
    await expect(writeArtifact(clashing, join(folder, 'out'))).rejects.toThrow(CompilerError);
    expect(await contents()).toEqual([]);
  });

  test('leaves nothing where it is interrupted', async () => {
    const controller = new AbortController();
    const written = writeArtifact(files, join(folder, 'out'), controller.signal);
    controller.abort();
    await expect(written).rejects.toThrow(CompilerError);
    expect(await contents()).toEqual([]);
  });
});

test('checkFree tells an empty folder from one that is yet to be made', async () => {
  expect(await checkFree(folder)).toBe(true);
  expect(await checkFree(join(folder, 'out'))).toBe(false);
});
