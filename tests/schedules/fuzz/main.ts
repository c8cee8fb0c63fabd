import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { type Subject, subjectNames, withSubject } from './subjects.ts';

// `npm run test:fuzz -- --runs 20000`: random functions under random schedules, and what is compiled of random graphs, until
// one goes wrong.

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    path: { type: 'string' },
    subject: { type: 'string', multiple: true, default: [...subjectNames] },
  },
});
const runs = positive('runs', values.runs);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
if (!Number.isSafeInteger(seed)) fail(`--seed should be an integer, is ${values.seed}`);
const again = values.path === undefined ? {} : { path: values.path };
const subjects = subjectNames.filter((name) => values.subject.includes(name));
const unknown = values.subject.find((name) => !subjects.some((known) => known === name));
if (unknown !== undefined) fail(`--subject should be one of ${subjectNames.join(', ')}, is ${unknown}`);

for (const name of subjects) {
  process.stdout.write(`${name}: ${runs} runs, seed ${seed}\n`);
  const reason = await withSubject(name, (subject) => fuzz(name, subject));
  if (reason !== undefined) process.stdout.write(`${name}: skipped (${reason})\n`);
  if (process.exitCode === 1) break;
}
// A device that is open keeps the process.
process.exit();

function positive(name: string, text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : fail(`--${name} should be a positive integer, is ${text}`);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

async function fuzz<T>(name: string, subject: Subject<T>): Promise<void> {
  const parts = new Map<string, number>();
  const start = performance.now();
  const seconds = (): string => ((performance.now() - start) / 1000).toFixed(0);
  let [done, shown] = [0, start];
  const holds = async (case_: T): Promise<boolean> => {
    const isRight = await subject.holds(case_, (part) => parts.set(part, (parts.get(part) ?? 0) + 1));
    done++;
    if (performance.now() - shown > 5000) {
      shown = performance.now();
      process.stdout.write(`${done} of ${runs} runs in ${seconds()} s\n`);
    }
    return isRight;
  };
  const property = fc.asyncProperty(subject.cases, holds);
  const details = await fc.check(property, { numRuns: runs, seed, endOnFailure: true, ...again });
  const [found] = details.counterexample ?? [];
  if (found === undefined) {
    const counts = [...parts].toSorted(([, a], [, b]) => b - a).map(([part, count]) => `${part} ${count}`);
    process.stdout.write(`no difference in ${done} runs (${seconds()} s); of ${counts.join(', ')}\n`);
    return;
  }
  process.exitCode = 1;
  process.stdout.write('a difference: looking for a smaller case\n');
  const path = details.counterexamplePath;
  const smallest = await smaller(subject, found, path === null ? {} : { path });
  process.stdout.write(
    `a difference after ${details.numRuns} runs; again by --subject ${name} --seed ${seed} --path ${path}\n` +
      `${await subject.describe(smallest)}\n`,
  );
}

/** A smaller case that goes wrong as well: the smallest that is found in a minute. */
async function smaller<T>(subject: Subject<T>, first: T, path: { readonly path?: string }): Promise<T> {
  let smallest = first;
  const shrinking = fc.asyncProperty(subject.cases, async (case_) => {
    const isRight = await subject.holds(case_, () => undefined);
    if (!isRight) smallest = case_;
    return isRight;
  });
  await fc.check(shrinking, { numRuns: 1, seed, ...path, interruptAfterTimeLimit: 60_000 });
  return smallest;
}
