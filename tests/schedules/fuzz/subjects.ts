import * as fc from 'fast-check';
import { printGraph } from '../../../ir/text/print-graph.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { printTrace } from '../../../schedules/trace-text.ts';
import { arbitraryGraph, type GraphCase } from '../../generators/graph.ts';
import { arbitraryKernelGraph } from '../../generators/kernel-graph.ts';
import type { FuncOptions } from '../../generators/tensor-func.ts';
import { openDevice } from '../../webgpu/devices.ts';
import { dtypesOfWebgpu, graphDifferenceOnGpu, webgpuMachine } from './on-webgpu.ts';
import { arbitraryCase, type Case, failureOf, type Machine, shrinkTrace } from './scheduled-case.ts';

/** What is fuzzed: random cases, each right or wrong. */
export interface Subject<T> {
  readonly cases: fc.Arbitrary<T>;
  /** Whether a case is right. `count` is told what it consists of. */
  readonly holds: (case_: T, count: (part: string) => void) => Promise<boolean>;
  /** A case that is wrong, as text, and what is wrong with it. */
  readonly describe: (case_: T) => Promise<string>;
}

/** Random functions under random schedules, and what runs them. */
const schedules = (machine?: Machine, options?: FuncOptions): Subject<Case> => ({
  cases: arbitraryCase(options),
  holds: async (case_, count) => (await failureOf(case_, ({ primitive }) => count(primitive), machine)) === undefined,
  describe: async (case_) => {
    const failure = await failureOf(case_, undefined, machine);
    const shortest = failure && (await shrinkTrace(case_, failure, machine));
    return [
      printTensorFunc(case_.func),
      printTrace(shortest?.trace ?? []),
      `numbers ${JSON.stringify(case_.numbers)}`,
      shortest?.difference ?? GONE,
    ].join('\n');
  },
});

const GONE = 'the difference is gone when it is run again';

/** Random graphs, compiled for WebGPU. */
const graphs = (device: GPUDevice): Subject<GraphCase> => {
  const differenceOf = (case_: GraphCase): Promise<string | undefined> =>
    graphDifferenceOnGpu(device, case_).catch((error: Error) => error.stack);
  return {
    cases: fc.oneof(arbitraryKernelGraph(), arbitraryGraph({ maxSteps: 14 })),
    holds: async (case_, count) => {
      for (const { op } of case_.graph.nodes) count(op);
      return (await differenceOf(case_)) === undefined;
    },
    describe: async (case_) => [printGraph(case_.graph), (await differenceOf(case_)) ?? GONE].join('\n'),
  };
};

export const subjectNames = ['schedules', 'webgpu-schedules', 'webgpu-graphs'] as const;
export type SubjectName = (typeof subjectNames)[number];

/** Hands a subject to `fuzz`, or gives the reason why it cannot be fuzzed here. */
export async function withSubject(
  name: SubjectName,
  fuzz: <T>(subject: Subject<T>) => Promise<void>,
): Promise<string | undefined> {
  if (name === 'schedules') {
    await fuzz(schedules());
    return undefined;
  }
  const { device, name: reason } = await openDevice();
  if (device === undefined) return reason;
  if (name === 'webgpu-schedules') await fuzz(schedules(webgpuMachine(device), { dtypes: dtypesOfWebgpu }));
  else await fuzz(graphs(device));
  return undefined;
}
