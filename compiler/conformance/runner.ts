import { Worker } from 'node:worker_threads';
import type { Tolerance } from '../io/compare.ts';
import type { TargetName } from '../pipeline.ts';
import type { Verdict } from './run-test.ts';
import type { ConformanceTest } from './suite.ts';

export interface Runner {
  /** One test at a time. Never rejects: a crash and a hang are failures of the test. */
  readonly run: (test: ConformanceTest) => Promise<Verdict>;
  readonly stop: () => Promise<void>;
}

/** A worker that runs tests. One that hangs or crashes takes the worker with it: the next test gets a new one. */
export function startRunner(tolerance: Tolerance, timeLimit: number, device: TargetName = 'wasm'): Runner {
  let worker: Worker | undefined;
  const stop = async (): Promise<void> => {
    await worker?.terminate();
    worker = undefined;
  };
  return {
    run: async (test) => {
      worker ??= startWorker();
      const answer = await ask(worker, { test, tolerance, device }, timeLimit);
      if (typeof answer !== 'string') return answer;
      await stop();
      return { name: test.name, operators: [], verdict: 'fail', reason: answer };
    },
    stop,
  };
}

/** Sources run as they are from a checkout, built files from the package. */
function startWorker(): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./worker.${extension}`, import.meta.url));
}

/** The worker's verdict, or why it is lost. */
function ask(worker: Worker, message: unknown, timeLimit: number): Promise<Verdict | string> {
  const { promise, resolve } = Promise.withResolvers<Verdict | string>();
  const onError = (error: Error): void => resolve(`crashed: ${error.stack}`);
  const onExit = (code: number): void => resolve(`its worker ended with code ${code}`);
  const timer = setTimeout(() => resolve(`no end after ${timeLimit} s`), timeLimit * 1000);
  worker.on('message', resolve).on('error', onError).on('exit', onExit);
  worker.postMessage(message, []);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', resolve).off('error', onError).off('exit', onExit);
  });
}
