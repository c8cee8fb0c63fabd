import { availableParallelism } from 'node:os';
import { invariant } from '../../ir/errors.ts';
import type { Tolerance } from '../io/compare.ts';
import type { TargetName } from '../pipeline.ts';
import type { Verdict } from './run-test.ts';
import { startRunner } from './runner.ts';
import type { ConformanceTest } from './suite.ts';

export interface SuiteOptions {
  readonly tolerance: Tolerance;
  /** What the tests run on: the processor where it is not given. */
  readonly device?: TargetName;
  /** Seconds after which a test counts as hanging. */
  readonly timeLimit: number;
  /** Tests that run at the same time; the machine's cores where it is not given. */
  readonly workers?: number;
  /** Called with each verdict when it falls, which is not the order of the tests. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

/** Runs tests, each worker one after the other. The verdicts come in the order of the tests. */
export async function runSuite(tests: readonly ConformanceTest[], options: SuiteOptions): Promise<readonly Verdict[]> {
  const verdicts = new Map<ConformanceTest, Verdict>();
  const waiting = [...tests];
  const work = async (): Promise<void> => {
    const runner = startRunner(options.tolerance, options.timeLimit, options.device);
    for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
      const verdict = await runner.run(test);
      verdicts.set(test, verdict);
      options.onVerdict?.(verdict);
    }
    await runner.stop();
  };
  const workers = Math.min(tests.length, options.workers ?? availableParallelism());
  await Promise.all(Array.from({ length: workers }, work));
  return tests.map((test) => {
    const verdict = verdicts.get(test);
    invariant(verdict !== undefined, `test ${test.name} was not run`);
    return verdict;
  });
}
