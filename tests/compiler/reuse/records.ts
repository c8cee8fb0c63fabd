import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { type KernelSource, kernelSources } from '../../../compiler/kernels.ts';
import { candidateSpace } from '../../../compiler/tune/candidate-space.ts';
import type { DeviceProfile } from '../../../compiler/tune/device.ts';
import { shippedPrior } from '../../../compiler/tune/prior.ts';
import { workloadRow } from '../../../compiler/tune/workload-key.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { randomSource } from '../../../ir/random.ts';
import { predict } from '../../../schedules/cost-model/forest.ts';
import type { TuningRecord } from '../../../schedules/database/record.ts';
import type { Candidate } from '../../../schedules/search/search.ts';
import { type Target, wasmRelaxedSimd } from '../../../schedules/target/target.ts';

export const profile: DeviceProfile = {
  device: { class: 'x64-simd128-relaxed-simd', fingerprint: 'machine 1' },
  engine: { name: 'v8', version: '13.6' },
  features: ['simd128', 'relaxed-simd'],
};

export const sourcesOf = (graph: Graph, growth?: number): readonly KernelSource[] =>
  kernelSources(optimizeGraph(graph), 'auto', growth);

export const sourceOf = (graph: Graph, growth?: number): KernelSource => sourcesOf(graph, growth)[0] as KernelSource;

/** Schedules that differ from the default one and from each other. */
export function candidatesOf(source: KernelSource, count: number, target: Target = wasmRelaxedSimd) {
  const [space, random] = [candidateSpace(source, target), randomSource(7)];
  const found = new Map<string, Candidate>();
  for (let draws = 0; found.size < count && draws < 500; draws++) {
    const candidate = space.sample(random);
    if (candidate !== undefined && candidate.key !== space.preferred.key) found.set(candidate.key, candidate);
  }
  return [...found.values()];
}

/** Candidates of one workload, from the one that the prior takes for the slowest. */
export async function byPrior(candidates: readonly Candidate[]): Promise<readonly Candidate[]> {
  const scores = predict(
    await shippedPrior(),
    candidates.map(({ features }) => features),
  );
  return candidates.toSorted((a, b) => (scores[candidates.indexOf(a)] ?? 0) - (scores[candidates.indexOf(b)] ?? 0));
}

export const recordOf = (
  source: KernelSource,
  { decisions, trace }: Pick<Candidate, 'decisions' | 'trace'>,
  ms: number,
  more: Partial<TuningRecord> = {},
): TuningRecord => ({
  workload: workloadRow(source).hash,
  target: wasmRelaxedSimd.name,
  decisions: Object.fromEntries(decisions),
  trace,
  ms,
  spread: 0.01,
  samples: 10,
  cache: 'warm',
  ...profile,
  compilerVersion: '0.1.0',
  created: '2026-11-28T09:30:00.000Z',
  ...more,
});
