// `node benchmarks/models/write.ts FOLDER`: writes the models with random weights as .onnx files.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RANDOM_MODELS } from './index.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node benchmarks/models/write.ts FOLDER');
await mkdir(folder, { recursive: true });
for (const [name, build] of Object.entries(RANDOM_MODELS)) {
  const file = join(folder, `${name}.onnx`);
  await writeFile(file, build());
  console.log(file);
}
