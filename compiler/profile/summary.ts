import { type Bound, leastTime, type Work } from './limits/limits.ts';
import type { Profile, ProfiledStep } from './profile.ts';

/** All calls of a kernel in a run. */
export interface KernelSummary {
  readonly kernel: string;
  readonly calls: number;
  readonly ms: number;
  /** Of the time of all kernels, from 0 to 1. */
  readonly share: number;
  /** What each call gives, where it is known: `f32[1, 64, 56, 56]`. */
  readonly results?: string;
  readonly rates?: Rates;
}

export interface Rates {
  readonly gflops: number;
  readonly gbps: number;
  /** The least time that the device could take, as a part of the time that it took; and what sets it. */
  readonly ofLimit: number;
  readonly by: Bound['by'];
}

/** The kernels of a profile, those first that take the most time; then all of them together. */
export function summarize(profile: Profile): {
  readonly kernels: readonly KernelSummary[];
  readonly all: KernelSummary;
} {
  const total = sumOf(profile.steps, ({ ms }) => ms);
  const summary = (kernel: string, steps: readonly ProfiledStep[]): KernelSummary => {
    const ms = sumOf(steps, (step) => step.ms);
    const rates = ratesOf(profile, steps, ms);
    return { kernel, calls: steps.length, ms, share: ms / total, ...(rates && { rates }) };
  };
  const kernelOf = (kernel: string, steps: readonly ProfiledStep[]): KernelSummary => {
    const outputs = steps[0]?.known?.outputs;
    return { ...summary(kernel, steps), ...(outputs && { results: outputs.join(' ') }) };
  };
  const byKernel = [...Map.groupBy(profile.steps, ({ kernel }) => kernel)];
  const kernels = byKernel.map(([kernel, steps]) => kernelOf(kernel, steps)).sort((a, b) => b.ms - a.ms);
  return { kernels, all: summary('all', profile.steps) };
}

function ratesOf({ limits }: Profile, steps: readonly ProfiledStep[], ms: number): Rates | undefined {
  const works = steps.flatMap(({ known }): readonly Work[] => (known === undefined ? [] : [known.work]));
  if (works.length < steps.length || ms === 0) return undefined;
  const bounds = works.map((work) => leastTime(limits, work));
  const leastBy = (by: Bound['by']): number => sumOf(bounds, (bound) => (bound.by === by ? bound.ms : 0));
  const [arithmetic, memory] = [leastBy('arithmetic'), leastBy('memory')];
  return {
    gflops: sumOf(works, ({ flops }) => flops) / ms / 1e6,
    gbps: sumOf(works, ({ bytes }) => bytes) / ms / 1e6,
    ofLimit: (arithmetic + memory) / ms,
    by: arithmetic >= memory ? 'arithmetic' : 'memory',
  };
}

const sumOf = <T>(items: readonly T[], f: (item: T) => number): number => items.reduce((sum, item) => sum + f(item), 0);
