import { type ArtifactFiles, compile, type Graph } from '../../../compiler/index.ts';
import type { KernelSource } from '../../../compiler/kernels.ts';
import { workloadRow } from '../../../compiler/tune/workload-key.ts';
import { MemoryStore } from '../../../schedules/database/memory-store.ts';
import type { Candidate } from '../../../schedules/search/search.ts';
import { candidatesOf, profile, recordOf, sourceOf } from '../../compiler/reuse/records.ts';
import { on, phone } from '../../compiler/reuse/variants.ts';
import { denseLayer } from '../../compiler/tune/graphs.ts';

export const graph: Graph = denseLayer([96, 256, 256]);
export const inputShape = [96, 256] as const;

/** The results that a kernel keeps in registers: by one or two, it takes several times as long. */
const tile = ({ decisions }: Candidate): number =>
  Number(decisions.get('matmul.rows')) * Number(decisions.get('matmul.vectors'));

function slowAndFast(source: KernelSource): readonly [slow: Candidate, fast: Candidate] {
  const drawn = candidatesOf(source, 60).toSorted((a, b) => tile(a) - tile(b));
  return [drawn[0], drawn.at(-1)] as [Candidate, Candidate];
}

/** An artifact with two variants, one of which is several times as fast as the other. */
export async function artifactWith(fastest: 'first' | 'second'): Promise<ArtifactFiles> {
  const source = sourceOf(graph);
  const [slow, fast] = slowAndFast(source);
  const [own, other] = fastest === 'first' ? [fast, slow] : [slow, fast];
  const store = new MemoryStore();
  await store.add([workloadRow(source)], [recordOf(source, own, 1), recordOf(source, other, 1, on(phone))]);
  return (await compile(graph, { reuse: { store, profile, variants: 2 } })).files;
}

export const names = {
  first: 'x64-simd128-relaxed-simd, v8 13.6',
  second: 'arm64-simd128, jsc 620.1',
} as const;
