// `npm run bench [-- PART [NAME …]]`: measures all parts, or one of them, or what the names fit in it. Parts that take
// long, or a browser, are measured by name only: `npm run bench -- webgpu`, `npm run bench -- prior [--minutes N] [--db FILE]`, and
// `npm run bench -- tuning [NAME …] [--seconds N] [--minutes N]`.

import { parseArgs } from 'node:util';
import { kernels } from './parts/kernels.ts';
import { models } from './parts/models.ts';
import { trainOnLayers } from './parts/prior.ts';
import { startup } from './parts/startup.ts';
import { threads } from './parts/threads.ts';
import { measureTuning } from './parts/tuning.ts';
import { webgpuInBrowser } from './parts/webgpu.ts';
import { printReport, type Report, writeReport } from './report/results.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string' }, seconds: { type: 'string' }, db: { type: 'string' } },
});
const [part, ...names] = positionals;

const PARTS: Readonly<Record<string, (names: readonly string[]) => Promise<Report>>> = {
  kernels,
  models,
  threads,
  startup,
};

/** Measured where it is named: it needs a browser. */
const NAMED: typeof PARTS = { webgpu: webgpuInBrowser };

const LONG: Readonly<Record<string, () => Promise<Report>>> = {
  prior: () => trainOnLayers({ minutes: Number(values.minutes ?? 15), ...(values.db && { db: values.db }) }),
  tuning: () => measureTuning(names, { seconds: Number(values.seconds ?? 60), minutes: Number(values.minutes ?? 10) }),
};

const long = part === undefined ? undefined : LONG[part];
const measured = part === undefined ? PARTS : { ...PARTS, ...NAMED };
const wanted = Object.entries(measured).filter(([name]) => long === undefined && (part ?? name) === name);
if (long === undefined && wanted.length === 0)
  throw new Error(`no part is called ${part}; there are: ${Object.keys({ ...PARTS, ...NAMED, ...LONG }).join(', ')}`);

if (long !== undefined) {
  const report = await long();
  printReport(report);
  await writeReport(report);
}
for (const [, measure] of wanted) {
  const report = await measure(names);
  printReport(report);
  // The results that are kept are whole.
  if (names.length === 0) await writeReport(report);
}
