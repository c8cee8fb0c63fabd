import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ArtifactFiles, compile, importOnnx } from '../../../compiler/index.ts';
import { smallModel } from '../../house/small-model.ts';
import { artifactWith } from '../../runtime/choose/models.ts';
import { graphOf, smallArtifact } from '../../runtime/models.ts';

const compileSmall = async (): Promise<ArtifactFiles> =>
  (await compile(importOnnx(smallModel()), { provenance: { target: 'wasm', dims: { '2': 1, b: 2, a: 3 } } })).files;

const digestsOf = (files: ArtifactFiles) =>
  Object.entries(files).map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]);

const text = (files: ArtifactFiles, name: string): string => new TextDecoder().decode(files[name]);
const manifestOf = (files: ArtifactFiles) => JSON.parse(text(files, 'manifest.json'));

let files: ArtifactFiles;
beforeAll(async () => {
  files = await compileSmall();
});

describe('the manifest', () => {
  const schema = JSON.parse(readFileSync(new URL('../../../runtime/manifest.schema.json', import.meta.url), 'utf8'));
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

  test('is what its schema says', async () => {
    const identity = await compile(graphOf((graph) => graph.input('x', 'f32', [2])));
    for (const artifact of [files, identity.files, await smallArtifact()]) {
      validate(manifestOf(artifact));
      expect(validate.errors).toBeNull();
    }
  });

  test('is that of a GPU as well, of the processor beside it, and of both', async () => {
    const graph = graphOf((g) => {
      const exponent = g.op('exp', [g.input('x', 'f32', [8])], {});
      const wide = g.op('cast', [exponent], { to: 'f64' });
      return g.op('add', [exponent, g.op('cast', [g.op('add', [wide, wide], {})], { to: 'f32' })], {});
    });
    const plain = graphOf((g) => g.op('exp', [g.input('x', 'f32', [8])], {}));
    const mixed = await compile(graph, { targets: ['wasm', 'webgpu'] });
    for (const { files: artifact } of [mixed, await compile(plain, { targets: ['webgpu'] })]) {
      validate(manifestOf(artifact));
      expect(validate.errors).toBeNull();
    }
    expect(Object.keys(mixed.files)).toContain('kernels.host.wasm');
    expect((await compile(graph, { targets: ['wasm', 'webgpu'] })).files).toEqual(mixed.files);
  });

  test('has a schema that refuses what is missing, unknown or of another type', () => {
    const manifest = manifestOf(files);
    const { plan: _, ...withoutPlan } = manifest;
    for (const wrong of [
      withoutPlan,
      { ...manifest, version: 2 },
      { ...manifest, extra: 1 },
      { ...manifest, plan: [1] },
    ])
      expect(validate(wrong)).toBe(false);
  });

  test('lists every other file with its size and hash', () => {
    const { files: listed } = manifestOf(files);
    const others = digestsOf(files).filter(([name]) => name !== 'manifest.json');
    expect(Object.entries(listed as Record<string, { bytes: number; sha256: string }>)).toEqual(
      others.map(([name = '', sha256]) => [name, { bytes: files[name]?.length, sha256 }]),
    );
  });

  test('holds no path and no time', () => {
    expect(text(files, 'manifest.json')).not.toMatch(/[A-Za-z]:\\|"\/|\d{4}-\d\d-\d\d|file:/);
  });
});

describe('the same input and options give the same bytes', () => {
  test('in one process', async () => {
    expect(digestsOf(await compileSmall())).toEqual(digestsOf(files));
  });

  test('in another process', async () => {
    const program = `
      import { createHash } from 'node:crypto';
      import { compile, importOnnx } from ${JSON.stringify(new URL('../../../compiler/index.ts', import.meta.url).href)};
      import { smallModel } from ${JSON.stringify(new URL('../../house/small-model.ts', import.meta.url).href)};
      const provenance = { target: 'wasm', dims: { '2': 1, b: 2, a: 3 } };
      const { files } = await compile(importOnnx(smallModel()), { provenance });
      const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
      console.log(JSON.stringify(Object.entries(files).map(([name, bytes]) => [name, digest(bytes)])));`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    expect(JSON.parse(stdout)).toEqual(digestsOf(files));
    expect(stderr).toBe('');
  });
});

describe('the loader', () => {
  const isLoader = (name: string) => name === 'index.js' || (name.startsWith('runtime/') && name.endsWith('.js'));

  test('takes at most 10 KB, compressed', () => {
    const sizes = Object.entries(files).flatMap(([name, bytes]) =>
      isLoader(name) ? [brotliCompressSync(bytes).length] : [],
    );
    expect(sizes.length).toBeGreaterThan(3);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(10_000);
  });

  test('takes 4 KB more where there are variants to choose among', async () => {
    const variants = await artifactWith('first');
    const isChooser = (name: string) => /^runtime\/choose\/.*\.js$/.test(name);
    expect(Object.keys(files).filter(isChooser)).toEqual([]);
    const chooser = Object.keys(variants).filter(isChooser);
    const sizes = chooser.map((name) => brotliCompressSync(variants[name] as Uint8Array).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(4000);
    for (const name of chooser)
      for (const [, target = ''] of text(variants, name).matchAll(/ from '(.*)';/g))
        expect(Object.keys(variants)).toContain(new URL(target, `file:///${name}`).pathname.slice(1));
  });

  test('does not depend on the model', async () => {
    const other = Object.entries(await smallArtifact()).filter(([name]) => isLoader(name));
    expect(other).toEqual(Object.entries(files).filter(([name]) => isLoader(name)));
  });

  test('imports only files of the artifact, and has no comments', () => {
    for (const name of Object.keys(files).filter(isLoader)) {
      const code = text(files, name);
      for (const [, target = ''] of code.matchAll(/ from '(.*)';/g))
        expect(Object.keys(files)).toContain(new URL(target, `file:///${name}`).pathname.slice(1));
      expect(code).not.toMatch(/\/\*|^\s*\/\//m);
    }
  });
});
