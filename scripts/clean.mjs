// Removes build output: node scripts/clean.mjs FOLDER …

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

for (const folder of process.argv.slice(2)) {
  rmSync(join(root, folder), { recursive: true, force: true });
}
