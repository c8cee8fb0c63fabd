// `npm start`, `npm test`, …: every job of package.json's scripts goes through here, so that each does
// all the set-up that it needs, on a fresh clone too.
//   node scripts/run.mjs JOB [ARGUMENT …]

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureDrivers } from './drivers.mjs';
import { ensureDependencies, ensureNode, environmentFor, root, say } from './setup.mjs';

const modules = join(root, 'node_modules');
const tsc = [join(modules, 'typescript', 'bin', 'tsc')];
const oxlint = [join(modules, 'oxlint', 'bin', 'oxlint')];
const biome = [join(modules, '@biomejs', 'biome', 'bin', 'biome')];
const vitest = [join(modules, 'vitest', 'vitest.mjs')];
const vite = [join(modules, 'vite', 'bin', 'vite.js')];
const clean = [join(root, 'scripts', 'clean.mjs')];

/** A job is a list of steps, each a script for Node with arguments; the user's go to the last one. */
const JOBS = {
  setup: { steps: [] },
  start: { steps: [[join(root, 'examples', 'ocr', 'main.ts')]] },
  test: { drivers: true, steps: [[...vitest, 'run']] },
  'test:fuzz': { drivers: true, steps: [[join(root, 'tests', 'schedules', 'fuzz', 'main.ts')]] },
  check: {
    folders: [join(root, 'benchmarks')],
    keepGoing: true,
    steps: [
      [...tsc, '--noEmit'],
      [...oxlint, '--type-aware', '--deny-warnings', '--report-unused-disable-directives'],
      [...biome, 'check', '--error-on-warnings'],
    ],
  },
  format: {
    keepGoing: true,
    steps: [
      [...oxlint, '--type-aware', '--fix', '--quiet'],
      [...biome, 'check', '--write'],
    ],
  },
  build: {
    steps: [
      [...clean, 'dist'],
      [...tsc, '--project', 'tsconfig.build.json'],
    ],
  },
  tilewright: { steps: [[join(root, 'compiler', 'cli', 'main.ts')]] },
  vite: { steps: [vite] },
  bench: {
    folders: [join(root, 'benchmarks')],
    steps: [[join(root, 'benchmarks', 'main.ts')]],
  },
};

async function main([name = '', ...args]) {
  const job = Object.hasOwn(JOBS, name) ? JOBS[name] : undefined;
  if (job === undefined) {
    say(`no job is called "${name}"; there are: ${Object.keys(JOBS).join(', ')}`);
    return 2;
  }
  const node = ensureNode();
  ensureDependencies(root);
  for (const folder of job.folders ?? []) ensureDependencies(folder);
  if (job.drivers) ensureDrivers();

  let worst = 0;
  for (const [index, step] of job.steps.entries()) {
    const isLast = index === job.steps.length - 1;
    const code = await runNode(node, isLast ? [...step, ...args] : step);
    worst ||= code;
    if (code !== 0 && !job.keepGoing) break;
  }
  return worst;
}

/** Runs a step to its end; a signal reaches both processes, and the exit code is the step's. */
function runNode(node, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: 'inherit', env: environmentFor(node) });
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', ignore).on('SIGTERM', forward);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/** The terminal sends an interrupt to the child too: wait for it to end. */
function ignore() {}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
