import { Worker } from 'node:worker_threads';
import type { Tolerance } from '../io/compare.ts';
import type { Verdict } from './run-test.ts';
import type { ConformanceTest } from './suite.ts';

export interface SuiteOptions {
  readonly tolerance: Tolerance;
  /** Seconds after which a test counts as hanging. */
  readonly timeLimit: number;
  readonly onVerdict: (verdict: Verdict) => void;
}

/**
 * Runs tests one after the other in a worker, so that one that hangs or takes its worker down costs only itself.
 * Verdicts come in the order of the tests.
 */
export async function runSuite(tests: readonly ConformanceTest[], options: SuiteOptions): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  let worker: Worker | undefined;
  for (const test of tests) {
    worker ??= startWorker();
    const verdict = await judge(worker, test, options);
    if (verdict.lost) {
      await worker.terminate();
      worker = undefined;
    }
    verdicts.push(verdict.verdict);
    options.onVerdict(verdict.verdict);
  }
  await worker?.terminate();
  return verdicts;
}

/** Sources run as they are from a checkout, built files from the package. */
function startWorker(): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./worker.${extension}`, import.meta.url));
}

interface Judgement {
  readonly verdict: Verdict;
  /** Whether the worker is of no more use. */
  readonly lost: boolean;
}

function judge(worker: Worker, test: ConformanceTest, { tolerance, timeLimit }: SuiteOptions): Promise<Judgement> {
  return new Promise((resolve) => {
    const failed = (reason: string): Judgement => ({
      verdict: { name: test.name, verdict: 'fail', reason, operators: [] },
      lost: true,
    });
    const settle = (judgement: Judgement): void => {
      clearTimeout(timer);
      worker.removeAllListeners();
      resolve(judgement);
    };
    const timer = setTimeout(() => settle(failed(`no end after ${timeLimit} s`)), timeLimit * 1000);
    worker.once('message', (verdict: Verdict) => settle({ verdict, lost: false }));
    worker.once('error', (error: Error) => settle(failed(`crashed: ${error.stack}`)));
    worker.once('exit', (code) => settle(failed(`the process ended with code ${code}`)));
    worker.postMessage({ test, tolerance });
  });
}
