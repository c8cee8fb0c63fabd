import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { printTrace } from '../../../schedules/trace-text.ts';
import { arbitraryCase, type Case, failureOf, shrinkTrace } from './scheduled-case.ts';

// `npm run test:fuzz -- --runs 20000`: random functions under random schedules, until one goes wrong.

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '2000' }, seed: { type: 'string' }, path: { type: 'string' } },
});
const runs = positive('runs', values.runs);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
if (!Number.isSafeInteger(seed)) fail(`--seed should be an integer, is ${values.seed}`);

function positive(name: string, text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : fail(`--${name} should be a positive integer, is ${text}`);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const steps = new Map<string, number>();
const start = performance.now();
let done = 0;
let shown = start;

async function holds(case_: Case): Promise<boolean> {
  const failure = await failureOf(case_, ({ primitive }) => {
    steps.set(primitive, (steps.get(primitive) ?? 0) + 1);
  });
  done++;
  const now = performance.now();
  if (now - shown > 5000) {
    shown = now;
    process.stdout.write(`${done} of ${runs} runs in ${seconds(now)} s\n`);
  }
  return failure === undefined;
}

const seconds = (now: number): string => ((now - start) / 1000).toFixed(0);

process.stdout.write(`${runs} runs, seed ${seed}\n`);
const property = fc.asyncProperty(arbitraryCase(), holds);
const details = await fc.check(property, { numRuns: runs, seed, endOnFailure: true, ...again(values.path) });
const [found] = details.counterexample ?? [];
if (found === undefined) {
  const counts = [...steps].toSorted(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
  process.stdout.write(
    `no difference in ${done} runs (${seconds(performance.now())} s); steps: ${counts.join(', ')}\n`,
  );
} else {
  process.stdout.write('a difference: looking for a smaller case\n');
  const counterexample = await smaller(found, details.counterexamplePath ?? undefined);
  const failure = await failureOf(counterexample);
  const shortest = failure && (await shrinkTrace(counterexample, failure));
  process.stdout.write(
    [
      `a difference after ${details.numRuns} runs; again by --seed ${seed} --path ${details.counterexamplePath}`,
      printTensorFunc(counterexample.func),
      printTrace(shortest?.trace ?? []),
      `numbers ${JSON.stringify(counterexample.numbers)}`,
      shortest?.difference ?? 'the difference is gone when it is run again',
      '',
    ].join('\n'),
  );
  process.exitCode = 1;
}

function again(path: string | undefined): { readonly path?: string } {
  return path === undefined ? {} : { path };
}

/** A smaller case that goes wrong as well: the smallest that is found in a minute. */
async function smaller(first: Case, path: string | undefined): Promise<Case> {
  let smallest = first;
  const shrinking = fc.asyncProperty(arbitraryCase(), async (case_) => {
    const isWrong = (await failureOf(case_)) !== undefined;
    if (isWrong) smallest = case_;
    return !isWrong;
  });
  await fc.check(shrinking, { numRuns: 1, seed, ...again(path), interruptAfterTimeLimit: 60_000 });
  return smallest;
}
