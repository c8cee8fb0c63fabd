import { createHash } from 'node:crypto';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { asDecided, atRandom, byRule, type Decide, decisionsOf, openDecisionsOf } from '../../schedules/decision.ts';
import type { Candidate, SearchSpace } from '../../schedules/search/search.ts';
import { type Scheduled, scheduleWorkload } from '../../schedules/space/search-space.ts';
import { type Target, wasmRelaxedSimd, wasmSimd } from '../../schedules/target/target.ts';
import type { Trace } from '../../schedules/trace.ts';
import { type BuiltVariant, buildKernel, buildVariant, type KernelSource, lowerScheduled } from '../kernels.ts';
import { fuseMultiplyAdd } from '../tensor-passes/fuse-multiply-add.ts';
import { checkForWebgpu } from '../webgpu/kernels.ts';
import { type Analysis, analyze } from './features.ts';

/** The schedules of a workload for a target, as kernels that can be run. */
export interface CandidateSpace extends SearchSpace {
  /** The kernel of one of its candidates. */
  readonly kernelOf: (candidate: Candidate) => BuiltVariant;
}

interface Counted extends Analysis {
  readonly kernel: BuiltVariant;
}

/** So many kernels are kept from when they are counted until they are measured: those that are made for a round. */
const KEPT = 64;

/**
 * A GPU's driver takes the longer for code the longer it is, and more than in proportion: most of a candidate's time, and
 * schedules that unroll so many times as much as the default one were not among the fast ones.
 */
const LONGEST = 2;

/**
 * Schedules, lowers and counts what is asked for. There is no candidate where the schedule is not legal or cannot be
 * lowered, where the loop in which most is executed needs more vector registers than the target has and than the
 * default schedule takes, so that values would go to memory and back, or, for a GPU, where the code is much longer than
 * that of the default schedule.
 */
export function candidateSpace(source: KernelSource, target: Target): CandidateSpace {
  const { workload, context } = source;
  const candidates = new Map<string, Candidate | undefined>();
  const kernels = new Map<string, BuiltVariant>();
  /** By what was decided, since to schedule is half of the work and search often asks for the same again. */
  const asked = new Map<string, Candidate | undefined>();
  let standard: (Counted & { readonly candidate: Candidate }) | undefined;

  const schedule = (decide: Decide): Scheduled | undefined =>
    attempt(() => scheduleWorkload(workload, { ...context, target }, decide));
  const count = (kernel: BuiltVariant): Counted => {
    if (target.gpu !== undefined) checkForWebgpu(kernel);
    return { kernel, ...analyze(kernel.lowered.map(executable(target)), kernel.shared, target) };
  };
  const keep = (key: string, kernel: BuiltVariant): BuiltVariant => {
    kernels.set(key, kernel);
    const [oldest] = kernels.keys();
    if (kernels.size > KEPT && oldest !== undefined) kernels.delete(oldest);
    return kernel;
  };
  const know = (key: string, counted: Counted): Candidate => {
    const { trace } = keep(key, counted.kernel);
    const candidate = { key, decisions: decisionsOf(trace), trace, features: counted.features };
    candidates.set(key, candidate);
    return candidate;
  };
  const byDefault = () => {
    if (standard !== undefined) return standard;
    const counted = count(defaultKernel(source, target));
    const candidate = know(keyOf(counted.kernel.definition, counted.kernel.trace), counted);
    return (standard = { ...counted, candidate });
  };
  const at = (decide: Decide): Candidate | undefined => {
    const mostAlive = Math.max(target.vectorRegisters, byDefault().vectorsAlive);
    const mostNodes = target.gpu === undefined ? Number.POSITIVE_INFINITY : LONGEST * byDefault().nodes;
    const scheduled = schedule(decide);
    if (scheduled === undefined) return undefined;
    const key = keyOf(scheduled.definition.func, scheduled.trace);
    if (candidates.has(key)) return candidates.get(key);
    const counted = attempt(() => count(lowerScheduled(scheduled, { ...context, target })));
    if (counted !== undefined && counted.vectorsAlive <= mostAlive && counted.nodes <= mostNodes)
      return know(key, counted);
    candidates.set(key, undefined);
    return undefined;
  };

  return {
    get preferred() {
      return byDefault().candidate;
    },
    sample: (random) => at(atRandom(random)),
    at: (decisions) => {
      const key = JSON.stringify([...decisions]);
      if (!asked.has(key)) asked.set(key, at(asDecided(decisions)));
      return asked.get(key);
    },
    openDecisions: (decisions) => openDecisionsOf(schedule(asDecided(decisions))?.trace ?? []),
    kernelOf: ({ key, decisions }) => {
      const known = key === byDefault().candidate.key ? byDefault().kernel : kernels.get(key);
      return known ?? keep(key, buildVariant(workload, { ...context, target }, asDecided(decisions)));
    },
  };
}

function defaultKernel({ workload, context }: KernelSource, target: Target): BuiltVariant {
  if (target.gpu !== undefined) return buildVariant(workload, { ...context, target }, byRule);
  const { relaxed, tensor: definition, ...simd } = buildKernel(workload, context);
  return { ...simd, ...(target === wasmSimd ? {} : relaxed), definition };
}

/** The flat form as it is executed on a target. */
export const executable = (target: Target): ((phase: TensorFunc) => TensorFunc) =>
  target === wasmRelaxedSimd ? fuseMultiplyAdd : (phase) => phase;

/** Of the steps that change something: two ways to decide may come to the same schedule. */
function keyOf({ name, inputs, temps }: TensorFunc, trace: Trace): string {
  const steps = trace.filter(({ primitive }) => primitive !== 'sample-categorical');
  return createHash('sha256')
    .update(JSON.stringify([name, inputs, temps, steps]))
    .digest('hex');
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
