// `npm run bench [-- PART [NAME …]]`: measures all parts, or one of them, or what the names fit in it.

import { kernels } from './parts/kernels.ts';
import { models } from './parts/models.ts';
import { startup } from './parts/startup.ts';
import { threads } from './parts/threads.ts';
import { printReport, type Report, writeReport } from './report/results.ts';

const PARTS: Readonly<Record<string, (names: readonly string[]) => Promise<Report>>> = {
  kernels,
  models,
  threads,
  startup,
};

const [part, ...names] = process.argv.slice(2);
const wanted = Object.entries(PARTS).filter(([name]) => part === undefined || name === part);
if (wanted.length === 0) throw new Error(`no part is called ${part}; there are: ${Object.keys(PARTS).join(', ')}`);

for (const [, measure] of wanted) {
  const report = await measure(names);
  printReport(report);
  // The results that are kept are whole.
  if (names.length === 0) await writeReport(report);
}
