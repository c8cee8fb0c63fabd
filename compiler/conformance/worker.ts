import { type MessagePort, parentPort } from 'node:worker_threads';
import type { Tolerance } from '../io/compare.ts';
import type { TargetName } from '../pipeline.ts';
import { runTest } from './run-test.ts';
import type { ConformanceTest } from './suite.ts';

interface Request {
  readonly test: ConformanceTest;
  readonly tolerance: Tolerance;
  readonly device: TargetName;
}

/** Answers each test that it is sent with its verdict. They come one at a time. */
function serve(port: MessagePort): void {
  port.on('message', ({ test, tolerance, device }: Request) => {
    void runTest(test, tolerance, device).then((verdict) => port.postMessage(verdict, []));
  });
}

if (parentPort !== null) serve(parentPort);
