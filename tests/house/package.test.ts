import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchChromium } from '../chromium.ts';
import { start } from '../compiler/cli/tilewright.ts';
import { smallInput, smallModel, smallOutput } from './small-model.ts';
import { root } from './source-files.ts';

const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const MINUTES = 60_000;

/** What a user of the package writes: its entries, in TypeScript that is checked and then run. */
const CONSUMER = `
import { readFile } from 'node:fs/promises';
import { compile, importOnnx, writeArtifact } from 'tilewright';
import { load, type ArtifactSource, type Tensor } from 'tilewright/runtime';
import { fastestVariant } from 'tilewright/runtime/choose';
import { type WebgpuModel, webgpu } from 'tilewright/runtime/webgpu';

export const onGpu = (source: ArtifactSource): Promise<WebgpuModel> => load(source, { device: webgpu() });

const { files } = await compile(importOnnx(await readFile('small.onnx')));
await writeArtifact(files, 'from-api');

const x: Tensor = { dtype: 'f32', shape: [2, 3], data: new Float32Array(${JSON.stringify(smallInput)}) };
for (const source of [files, 'from-api', 'from-cli']) {
  const model = await load(source, { choose: fastestVariant({ budget: 50 }) });
  const { y } = await model.run({ x });
  console.log(JSON.stringify(Array.from(y?.data as Float32Array)));
  model.dispose();
}
`;

/** The same on two threads, by the package's runtime and by the artifact's own. */
const THREADS = `
import { compile, GraphBuilder, writeArtifact } from 'tilewright';
import { load } from 'tilewright/runtime';

const size = 256;
const builder = new GraphBuilder('large');
const a = builder.input('a', 'f32', [size, size]);
builder.output('y', builder.op('matmul', [a, a], { transA: false, transB: false }));
const { files } = await compile(builder.finish());
await writeArtifact(files, 'threads');
const own = await import('./threads/index.js');

for (const model of [await load(files, { threads: 2 }), await own.load({ threads: 2 })]) {
  const { y } = await model.run({ a: { dtype: 'f32', shape: [size, size], data: new Float32Array(size * size).fill(1) } });
  console.log(model.info().threads, y.data[size]);
  model.dispose();
}
`;

describe('the package as published', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tilewright-package-'));
    await node([join(root, 'scripts', 'run.mjs'), 'build'], root);
    await npm(['pack', '--ignore-scripts', '--pack-destination', folder], root);
    const [pack = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
    await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', `./${pack}`], folder);
    await writeFile(join(folder, 'small.onnx'), smallModel());
    await writeFile(join(folder, 'consumer.ts'), CONSUMER);
  }, 4 * MINUTES);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('holds JavaScript and its types, and no source or test', async () => {
    const files = await readdir(join(folder, 'node_modules', 'tilewright'), { recursive: true });
    const sources = files.filter((name) => /(?<!\.d)\.ts$|\.test\./.test(name));
    expect(sources).toEqual([]);
    expect(files).toContain(join('dist', 'runtime', 'index.d.ts'));
    expect(files).toContain(join('dist', 'schedules', 'cost-model', 'prior.json'));
  });

  test('names no dependency that only development needs', async () => {
    const installed = await readdir(join(folder, 'node_modules'));
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(installed.filter((name) => Object.hasOwn(manifest.devDependencies, name))).toEqual([]);
  });

  test('compiles by its command and by its API, and runs what either made', { timeout: 2 * MINUTES }, async () => {
    const cli = join('node_modules', 'tilewright', 'dist', 'compiler', 'cli', 'main.js');
    await node([cli, 'compile', 'small.onnx', '-o', 'from-cli'], folder);
    const printed = await node(['consumer.ts'], folder);
    expect(printed.trim().split('\n')).toEqual(Array(3).fill(JSON.stringify(smallOutput)));
  });

  test('runs a model on several threads', { timeout: 2 * MINUTES }, async () => {
    await writeFile(join(folder, 'threads.mjs'), THREADS);
    expect(await node(['threads.mjs'], folder)).toBe('2 256\n2 256\n');
  });

  test.skipIf(!hasChromium)('measures in a browser', { timeout: 2 * MINUTES }, async () => {
    const cli = join(folder, 'node_modules', 'tilewright', 'dist', 'compiler', 'cli', 'main.js');
    const model = join(folder, 'small.onnx');
    const { ended, said } = start(['tune', model, '--db', 'memory', '--trials', '1', '--device', 'browser'], cli);
    const browser = await launchChromium();
    try {
      await (await browser.newPage()).goto(await said(/http:\S+/));
      expect(await ended).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('1 trials') });
    } finally {
      await browser.close();
    }
  });

  test('is typed for strict TypeScript without the extensions of ours', { timeout: MINUTES }, async () => {
    const options = { strict: true, module: 'nodenext', noEmit: true, types: ['node'], target: 'es2024' };
    const typeRoots = [join(root, 'node_modules', '@types')];
    const tsconfig = { compilerOptions: { ...options, typeRoots }, files: ['consumer.ts'] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    await expect(node([tsc, '--project', 'tsconfig.json'], folder)).resolves.toBe('');
  });

  test('links its command', async () => {
    const links = await readdir(join(folder, 'node_modules', '.bin'));
    expect(links).toContain('tilewright');
    const main = join(folder, 'node_modules', 'tilewright', 'dist', 'compiler', 'cli', 'main.js');
    expect(await readFile(main, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});

const node = (args: readonly string[], cwd: string): Promise<string> => output(process.execPath, args, cwd, false);
const npm = (args: readonly string[], cwd: string): Promise<string> =>
  output(NPM, args, cwd, process.platform === 'win32');

/** What a command prints; where it fails, the error holds all of it. */
async function output(command: string, args: readonly string[], cwd: string, shell: boolean): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], { cwd, shell, maxBuffer: 1 << 24 });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed\n${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
}
