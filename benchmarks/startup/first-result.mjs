// `node first-result.mjs ARTIFACT`: what an application does first. Prints how long reading the weights alone takes.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder] = process.argv.slice(2);
const start = performance.now();
await readFile(join(folder, 'weights.bin'));
const weightsMs = performance.now() - start;

const { load } = await import(pathToFileURL(join(folder, 'index.js')));
const model = await load();
const inputs = model.info().inputs.map(({ name, dtype, shape }) => {
  const count = shape.reduce((product, dim) => product * dim, 1);
  return [name, { dtype, shape, data: new Float32Array(count) }];
});
await model.run(Object.fromEntries(inputs));
process.stdout.write(`${weightsMs}\n`);
model.dispose();
