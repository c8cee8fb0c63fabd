import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ArtifactFiles, writeArtifact } from '../../compiler/index.ts';
import { ArtifactError, type LoadOptions, load } from '../../runtime/index.ts';
import { smallArtifact, smallX, smallY } from './models.ts';

let files: ArtifactFiles;
let folder: string;
beforeAll(async () => {
  files = await smallArtifact();
  folder = await mkdtemp(join(tmpdir(), 'tilewright-load-'));
  await writeArtifact(files, join(folder, 'an artifact'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('load', () => {
  test.each<[string, (path: string) => string | URL]>([
    ['a path', (path) => path],
    ['a path with a slash at its end', (path) => `${path}/`],
    ['a file: address', (path) => pathToFileURL(path)],
    ['a file: address as text', (path) => pathToFileURL(path).href],
  ])('takes %s', async (_, form) => {
    const model = await load(form(join(folder, 'an artifact')));
    expect(await model.run({ x: smallX })).toEqual({ y: smallY });
  });

  test('takes the address of each file, whatever name it has there', async () => {
    const addresses: Record<string, URL> = {};
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(folder, `${name.replaceAll('/', '-')}.renamed`);
      await writeFile(path, bytes);
      addresses[name] = pathToFileURL(path);
    }
    expect(await (await load(addresses)).run({ x: smallX })).toEqual({ y: smallY });
    const { 'weights.bin': _, ...others } = addresses;
    await expect(load(others)).rejects.toThrow(new ArtifactError('the artifact has no file weights.bin'));
  });

  test('takes kernels that are compiled already', async () => {
    const kernels = await WebAssembly.compile(files['kernels.wasm'] as BufferSource);
    const { 'kernels.wasm': _, ...others } = files;
    expect(await (await load(others, { kernels })).run({ x: smallX })).toEqual({ y: smallY });
  });

  test('chooses the kernels that the engine runs fastest, or those that it is told to', async () => {
    const chosen = async (options: LoadOptions) => (await load(files, options)).info().features;
    expect(await chosen({})).toEqual(['relaxed-simd']);
    expect(await chosen({ relaxedSimd: true })).toEqual(['relaxed-simd']);
    expect(await chosen({ relaxedSimd: false })).toEqual([]);
    const { 'kernels.relaxed.wasm': _, ...others } = files;
    expect(await (await load(others, { relaxedSimd: false })).run({ x: smallX })).toEqual({ y: smallY });
  });

  test('falls back where the engine has no relaxed SIMD', async () => {
    const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    try {
      expect((await load(files)).info().features).toEqual([]);
      await expect(load(files, { relaxedSimd: true })).rejects.toThrow(
        'no kernels for this engine with relaxed SIMD on',
      );
    } finally {
      validate.mockRestore();
    }
  });

  test('is what the artifact itself exports', async () => {
    const own = await import(pathToFileURL(join(folder, 'an artifact', 'index.js')).href);
    expect(await (await own.load()).run({ x: smallX })).toEqual({ y: smallY });
  });

  test('is what the artifact exports inside of a CommonJS package too', async () => {
    const host = join(folder, 'commonjs');
    await mkdir(host);
    await writeFile(join(host, 'package.json'), '{ "type": "commonjs" }');
    await writeArtifact(files, join(host, 'model'));
    await writeFile(
      join(host, 'main.mjs'),
      "import { load } from './model/index.js'; console.log((await load()).info().kernels);",
    );
    const { stdout } = await promisify(execFile)(process.execPath, [join(host, 'main.mjs')]);
    expect(stdout).toBe('1\n');
  });
});

const bytesOf = (name: string): Uint8Array => files[name] as Uint8Array;

function changed(name: string, position: number): ArtifactFiles {
  const bytes = bytesOf(name).slice();
  bytes[position] = (bytes[position] as number) ^ 1;
  return { ...files, [name]: bytes };
}

/** With a manifest that is whole, but has other members. */
const withManifest = (change: Record<string, unknown>): ArtifactFiles => {
  const manifest = JSON.parse(new TextDecoder().decode(bytesOf('manifest.json')));
  return { ...files, 'manifest.json': new TextEncoder().encode(JSON.stringify({ ...manifest, ...change })) };
};

describe('refuses', () => {
  test.each(['kernels.relaxed.wasm', 'weights.bin', 'manifest.json'])(
    '%s with a changed byte, wherever it is',
    async (name) => {
      const step = Math.max(1, Math.floor(bytesOf(name).length / 97));
      for (let position = 0; position < bytesOf(name).length; position += step) {
        const loaded = load(changed(name, position)).then(
          (model) => model.run({ x: smallX }),
          (error: unknown) => error,
        );
        const result = await loaded;
        if (result instanceof ArtifactError) continue;
        // White space between the members of the manifest means nothing.
        expect([name, position, String.fromCharCode(bytesOf(name)[position] as number)]).toEqual([
          'manifest.json',
          position,
          expect.stringMatching(/\s/),
        ]);
      }
    },
  );

  test.each(['kernels.relaxed.wasm', 'weights.bin', 'manifest.json'])('%s cut off', async (name) => {
    const short = { ...files, [name]: bytesOf(name).subarray(0, -1 - Math.floor(bytesOf(name).length / 2)) };
    await expect(load(short)).rejects.toThrow(ArtifactError);
  });

  test.each(['kernels.relaxed.wasm', 'weights.bin', 'manifest.json'])('a folder without %s', async (name) => {
    const { [name]: _, ...others } = files;
    await expect(load(others)).rejects.toThrow(new ArtifactError(`the artifact has no file ${name}`));
    const target = join(folder, `without ${name}`);
    await writeArtifact(others, target);
    await expect(load(target)).rejects.toThrow(ArtifactError);
    await expect(load(target)).rejects.toThrow(name);
  });

  test('what is no artifact', async () => {
    await expect(load(join(folder, 'nowhere'))).rejects.toThrow(ArtifactError);
    await expect(load({ 'manifest.json': new TextEncoder().encode('{}') })).rejects.toThrow(
      'manifest.json is not that of a Tilewright artifact',
    );
    await expect(load({ 'manifest.json': new TextEncoder().encode('null') })).rejects.toThrow(ArtifactError);
    await expect(load({ 'manifest.json': new TextEncoder().encode('format: x') })).rejects.toThrow('is no JSON');
  });

  test('another version of the format', async () => {
    await expect(load(withManifest({ version: 2 }))).rejects.toThrow(
      new ArtifactError('the artifact has format version 2, this runtime reads version 1: update tilewright'),
    );
    await expect(load(withManifest({ version: 0 }))).rejects.toThrow('compile the model again');
  });

  test('a manifest that was edited', async () => {
    await expect(load(withManifest({ name: 'other' }))).rejects.toThrow('manifest.json was changed or damaged');
  });

  test('kernels of another model', async () => {
    const kernels = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    await expect(load(files, { kernels })).rejects.toThrow('which is no kernel of the artifact');
  });
});
