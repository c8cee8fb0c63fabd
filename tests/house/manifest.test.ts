import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, root, sourceFiles } from './source-files.ts';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

describe.each(['', 'benchmarks'])('%s/package.json', (folder) => {
  test('pins every dependency exactly', async () => {
    const { dependencies, devDependencies } = await readJson<Manifest>(folder, 'package.json');
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !isExact(version));
    expect(loose).toEqual([]);
  });

  test('has a lock file with a hash for every package and no address of a registry', async () => {
    const { packages } = await readJson<{ packages: Record<string, Locked> }>(folder, 'package-lock.json');
    const installed = Object.entries(packages).filter(([path]) => path !== '');
    expect(installed.filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});

test('every dependency of the package is imported by it', async () => {
  const { dependencies } = await readJson<Manifest>('', 'package.json');
  const imported = new Set(
    sourceFiles(['ir', 'schedules', 'compiler', 'runtime'])
      .flatMap(importsOf)
      .map(({ target }) => target),
  );
  const unused = Object.keys(dependencies).filter(
    (name) => ![...imported].some((target) => target === name || target.startsWith(`${name}/`)),
  );
  expect(unused).toEqual([]);
});

test('the runtime makes no code from text and no blob: address, so that any content policy accepts it', async () => {
  const found = await Promise.all(
    sourceFiles(['runtime']).map(async (file) => {
      const text = await readFile(join(root, file), 'utf8');
      return /\beval\(|\bFunction\(|createObjectURL/.test(text) ? [file] : [];
    }),
  );
  expect(found.flat()).toEqual([]);
});

interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
}

const isExact = (version: string): boolean => /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version);

async function readJson<T>(...path: readonly string[]): Promise<T> {
  return JSON.parse(await readFile(join(root, ...path), 'utf8')) as T;
}
