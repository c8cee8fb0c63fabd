import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { quantile } from '../measure.ts';
import { mobilenetV2 } from '../models/mobilenet-v2.ts';
import { digits } from '../report/format.ts';
import type { Report } from '../report/results.ts';

const REPEATS = 7;

const METHOD = [
  'MobileNetV2-224 with random weights, compiled by the command in a process of its own.',
  'First result: from the start of a Node process until it has loaded the artifact, run it once and said so, less the time of reading weights.bin, which it does once more before; the median of 7 processes.',
  'Download: the kernels with relaxed SIMD and all code and tables that loading needs, each by brotli at its best; without weights.',
];

/** From nothing to the first result: compiling, bytes to ship, start of a process. */
export async function startup(): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'tilewright-bench-'));
  try {
    const artifact = join(folder, 'artifact');
    const compileMs = await compileBy(join(folder, 'mobilenet_v2.onnx'), artifact);
    const firsts: number[] = [];
    for (let i = 0; i < REPEATS; i++) firsts.push(await firstResult(artifact));
    const data = { compileMs, brotliBytes: await shippedBytes(artifact), firstResultMs: quantile(firsts, 0.5) };
    return {
      name: 'startup',
      title: 'From nothing to the first result',
      method: METHOD,
      tables: [
        {
          title: 'MobileNetV2-224',
          head: ['what', 'figure'],
          rows: [
            ['compile, whole process', `${digits(data.compileMs / 1000)} s`],
            ['kernels, loader, runtime, brotli', `${digits(data.brotliBytes / 1000)} KB`],
            ['process start to first result, beside reading weights', `${digits(data.firstResultMs)} ms`],
          ],
        },
      ],
      charts: {},
      data,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compileBy(model: string, artifact: string): Promise<number> {
  await writeFile(model, mobilenetV2());
  const command = fileURLToPath(new URL('../../compiler/cli/main.ts', import.meta.url));
  const start = performance.now();
  await promisify(execFile)(process.execPath, [command, 'compile', model, '-o', artifact]);
  return performance.now() - start;
}

/** Milliseconds until a new process has its first result, less those of reading weights. */
async function firstResult(artifact: string): Promise<number> {
  const script = fileURLToPath(new URL('../startup/first-result.mjs', import.meta.url));
  const start = performance.now();
  const child = spawn(process.execPath, [script, artifact], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line]: unknown[] = await once(child.stdout, 'data');
  const ms = performance.now() - start;
  await once(child, 'exit');
  return ms - 2 * Number(line);
}

async function shippedBytes(artifact: string): Promise<number> {
  const files = await readdir(artifact, { recursive: true });
  const isShipped = (file: string) => /\.(js|json)$/.test(file) || file === 'kernels.relaxed.wasm';
  const sizes = await Promise.all(
    files.filter(isShipped).map(async (file) => brotliCompressSync(await readFile(join(artifact, file))).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
