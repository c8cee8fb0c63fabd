import { parentPort } from 'node:worker_threads';
import type { Tolerance } from '../io/compare.ts';
import { runTest } from './run-test.ts';
import type { ConformanceTest } from './suite.ts';

/** Runs the tests that it is sent, one at a time, and answers each with its verdict. */
parentPort?.on('message', async ({ test, tolerance }: { test: ConformanceTest; tolerance: Tolerance }) => {
  parentPort?.postMessage(await runTest(test, tolerance));
});
