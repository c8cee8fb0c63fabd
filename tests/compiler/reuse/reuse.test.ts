import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layoutMemory } from '../../../compiler/artifact/layout.ts';
import { memoryUse } from '../../../compiler/artifact/memory-use.ts';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import type { Kernel, KernelSource } from '../../../compiler/kernels.ts';
import { type ReuseOptions, reuseKernels } from '../../../compiler/reuse/reuse.ts';
import { candidateSpace } from '../../../compiler/tune/candidate-space.ts';
import { workloadRow } from '../../../compiler/tune/workload-key.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { randomSource } from '../../../ir/random.ts';
import { MemoryStore } from '../../../schedules/database/memory-store.ts';
import type { TuningRecord } from '../../../schedules/database/record.ts';
import { atRandom, decisionsOf } from '../../../schedules/decision.ts';
import type { Candidate, CostModel } from '../../../schedules/search/search.ts';
import { scheduleWorkload } from '../../../schedules/space/search-space.ts';
import { wasmRelaxedSimd, wasmSimd } from '../../../schedules/target/target.ts';
import { findDifference } from '../../end-to-end/compile-and-run.ts';
import { arbitraryKernelGraph } from '../../generators/kernel-graph.ts';
import { convLayer, denseLayer } from '../tune/graphs.ts';
import { byPrior, candidatesOf, profile, recordOf, sourceOf, sourcesOf } from './records.ts';

async function storeOf(graph: Graph, records: readonly TuningRecord[], growth?: number): Promise<MemoryStore> {
  const store = new MemoryStore();
  await store.add(sourcesOf(graph, growth).map(workloadRow), records);
  return store;
}

async function reuse(graph: Graph, store: MemoryStore, more: Partial<ReuseOptions> = {}, growth?: number) {
  const { reused } = await reuseKernels(optimizeGraph(graph), { store, profile, ...more }, 'auto', growth);
  return reused.map(({ kernel, answer }) => ({ kernel, rank: answer.rank, from: answer.record?.workload }));
}

const dense = denseLayer([40, 24, 64]);
const source = sourceOf(dense);
const { hash } = workloadRow(source);
const candidates = candidatesOf(source, 3);
const [first, second] = candidates as [Candidate, Candidate];
const elsewhere: Partial<TuningRecord> = { device: { class: 'arm64-simd128', fingerprint: 'machine 2' } };

const definitionOf = (kernel: Kernel | undefined) => decisionsOf(kernel?.relaxed.trace ?? []).get('definition');

describe('a kernel is scheduled', () => {
  test('as the record of its workload on such a device says', async () => {
    const records = [recordOf(source, first, 2), recordOf(source, second, 1), recordOf(source, first, 0.5, elsewhere)];
    const [found] = await reuse(dense, await storeOf(dense, records));
    expect(found).toMatchObject({ rank: 1, from: hash });
    expect(found?.kernel.relaxed.trace).toEqual(second.trace);
  });

  test('by default, where that was measured and nothing was faster by more than chance', async () => {
    const { preferred } = candidateSpace(source, wasmRelaxedSimd);
    const other = candidates.find(({ key }) => key !== preferred.key) as Candidate;
    const withTimes = (ms: number) =>
      storeOf(dense, [recordOf(source, preferred, 1, { spread: 0.02 }), recordOf(source, other, ms, { spread: 0.01 })]);
    const [unbeaten] = await reuse(dense, await withTimes(0.985));
    expect(unbeaten).toMatchObject({ rank: 1, from: hash });
    expect(unbeaten?.kernel.relaxed.trace).toEqual(preferred.trace);
    const [beaten] = await reuse(dense, await withTimes(0.9));
    expect(beaten?.kernel.relaxed.trace).toEqual(other.trace);
  });

  test('as the record of its workload on another device says, if there is no other', async () => {
    const [found] = await reuse(dense, await storeOf(dense, [recordOf(source, first, 1, elsewhere)]));
    expect(found).toMatchObject({ rank: 2, from: hash });
    expect(found?.kernel.relaxed.trace).toEqual(first.trace);
  });

  test('for the target of the better rank; the other follows', async () => {
    const [simd] = candidatesOf(source, 1, wasmSimd) as [Candidate];
    const records = [
      recordOf(source, first, 1, elsewhere),
      recordOf(source, simd, 2, { target: wasmSimd.name, features: ['simd128'] }),
    ];
    const [found] = await reuse(dense, await storeOf(dense, records));
    expect(found?.rank).toBe(1);
    expect(found?.kernel.trace).toEqual(simd.trace);
  });

  test('as the nearest shape of the family, with what it decided snapped', async () => {
    const [near, far] = [denseLayer([64, 24, 64]), denseLayer([40, 90, 200])];
    const [decided] = candidatesOf(sourceOf(near), 1) as [Candidate];
    const [other] = candidatesOf(sourceOf(far), 1) as [Candidate];
    const store = await storeOf(near, [recordOf(sourceOf(near), decided, 3)]);
    await store.add([workloadRow(sourceOf(far))], [recordOf(sourceOf(far), other, 1)]);
    const [found] = await reuse(dense, store);
    expect(found).toMatchObject({ rank: 3, from: workloadRow(sourceOf(near)).hash });
    const decisions = decisionsOf(found?.kernel.relaxed.trace ?? []);
    for (const name of ['matmul.vectors', 'matmul.unrolled'])
      expect(decisions.get(name)).toBe(decided.decisions.get(name));
  });

  test('as the next nearest shape, where what the nearest decided spills registers here', async () => {
    const [near, next] = [denseLayer([44, 24, 64]), denseLayer([80, 24, 64])].map((graph) => sourceOf(graph)) as [
      KernelSource,
      KernelSource,
    ];
    const [space, random] = [candidateSpace(source, wasmRelaxedSimd), randomSource(5)];
    const draws = Array.from({ length: 60 }, () =>
      scheduleWorkload(near.workload, { ...near.context, target: wasmRelaxedSimd }, atRandom(random)),
    ).map(({ trace }) => ({ trace, decisions: decisionsOf(trace) }));
    const refused = draws.find(({ decisions }) => space.at(decisions) === undefined);
    if (refused === undefined) throw new Error('some schedules spill registers');
    const [fine] = candidatesOf(next, 1) as [Candidate];
    const store = new MemoryStore();
    await store.add([workloadRow(near), workloadRow(next)], [recordOf(near, refused, 1), recordOf(next, fine, 9)]);
    expect((await reuse(dense, store))[0]).toMatchObject({ rank: 3, from: workloadRow(next).hash });
  });

  test('by default, where the prior takes what the nearest shape decided for slower here', async () => {
    const near = denseLayer([64, 24, 64]);
    const drawn = await byPrior(candidatesOf(sourceOf(near), 40));
    const withRecord = (candidate: Candidate | undefined) =>
      storeOf(near, [recordOf(sourceOf(near), candidate as Candidate, 1)]);
    expect((await reuse(dense, await withRecord(drawn.at(0))))[0]?.rank).toBe(5);
    expect((await reuse(dense, await withRecord(drawn.at(-1))))[0]?.rank).toBe(3);
  });

  test('by the decisions alone, where they have come to give another schedule than was measured', async () => {
    const records = [recordOf(source, { ...first, trace: second.trace }, 1)];
    const [found] = await reuse(dense, await storeOf(dense, records));
    expect(found).toMatchObject({ rank: 3, from: hash });
    expect(found?.kernel.relaxed.trace).toEqual(first.trace);
  });

  test('as was measured, even where there is more to choose from today', async () => {
    const trace = first.trace.map((step) =>
      step.primitive === 'sample-categorical' ? { ...step, candidates: [...step.candidates, 99] } : step,
    );
    const [found] = await reuse(dense, await storeOf(dense, [recordOf(source, { ...first, trace }, 1)]));
    expect(found?.rank).toBe(1);
  });

  test('as a cost model says, if there is one and no record is near', async () => {
    const wanted = (keys: readonly string[]): CostModel => ({
      score: (all) => all.map(({ trace }) => (keys.includes(JSON.stringify(trace)) ? 1 : 0)),
    });
    const far = denseLayer([400, 24, 64]);
    const store = await storeOf(far, [recordOf(sourceOf(far), candidatesOf(sourceOf(far), 1)[0] as Candidate, 1)]);
    const costModel: CostModel = { score: (all) => all.map((_, i) => i) };
    const [found] = await reuse(dense, store, { costModel });
    expect(found).toMatchObject({ rank: 4, from: undefined });
    const [again] = await reuse(dense, store, { costModel: wanted([JSON.stringify(found?.kernel.relaxed.trace)]) });
    expect(again?.kernel).toEqual(found?.kernel);
  });

  test('by default, where the cost model takes no other schedule to be clearly faster', async () => {
    const costModel: CostModel = { score: (all) => all.map(({ decisions }) => decisions.size / 1000) };
    const [found] = await reuse(dense, new MemoryStore(), { costModel });
    expect(found).toMatchObject({ rank: 5, from: undefined });
  });

  test('by default, if nothing is known', async () => {
    const [found] = await reuse(dense, new MemoryStore());
    expect(found).toMatchObject({ rank: 5, from: undefined });
  });
});

describe('what weights may grow by', () => {
  const conv = convLayer(9, 12, 20);
  const convSource = sourceOf(conv, 8);
  const someOf = (kernel: KernelSource, pattern: RegExp): Candidate =>
    candidatesOf(kernel, 40).find(({ decisions }) => pattern.test(String(decisions.get('definition')))) as Candidate;
  const [winograd, other] = [someOf(convSource, /winograd-4x4/), someOf(convSource, /direct|gemm/)];
  const records = [recordOf(convSource, winograd, 1), recordOf(convSource, other, 2)];

  test('allows a definition or not', async () => {
    const store = await storeOf(conv, records, 8);
    const [allowed] = await reuse(conv, store, {}, 8);
    expect([allowed?.rank, allowed?.kernel.relaxed.trace]).toEqual([1, winograd.trace]);
    // Where it is not allowed, the workload is another one, of which nothing is known, not even by its second best.
    const [refused] = await reuse(conv, store, {}, 0);
    expect([refused?.rank, definitionOf(refused?.kernel)]).toEqual([5, sourceOf(conv, 0).workload.preferred]);
  });

  test('leaves calls that get no more of it the definition that they have by default', async () => {
    // Memory allows the first of two equal layers the larger transforms, and the second the smaller ones.
    const [growth, two] = [2, convLayer(12, 12, 20, 2)];
    const [large, small] = sourcesOf(two, growth) as [KernelSource, KernelSource];
    expect([large, small].map(({ workload: { preferred } }) => preferred)).toEqual(['winograd-4x4', 'winograd-2x2']);
    const records = [/winograd-4x4/, /direct|gemm/].map((name, i) => recordOf(large, someOf(large, name), 1 + i));
    const found = await reuse(two, await storeOf(two, records, growth), {}, growth);
    expect(found.map(({ kernel }) => definitionOf(kernel))).toEqual(['winograd-4x4', 'winograd-2x2']);
  });

  test('holds for what a near shape and a cost model choose', async () => {
    const near = convLayer(10, 12, 20);
    const store = await storeOf(conv, records.slice(0, 1), 8);
    expect(definitionOf((await reuse(near, store, {}, 8))[0]?.kernel)).toMatch(/winograd/);
    expect((await reuse(near, store, {}, 0))[0]?.rank).toBe(5);
    const costModel: CostModel = {
      score: (all) => all.map(({ decisions }) => (/winograd/.test(String(decisions.get('definition'))) ? 1 : 0)),
    };
    expect(definitionOf((await reuse(conv, new MemoryStore(), { costModel }, 8))[0]?.kernel)).toMatch(/winograd/);
    expect(definitionOf((await reuse(conv, new MemoryStore(), { costModel }, 0))[0]?.kernel)).not.toMatch(/winograd/);
  });
});

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 40);

/** For each workload a record of a random schedule, or of decisions that make no sense. */
async function randomStore(graph: Graph, seed: number): Promise<MemoryStore> {
  const random = randomSource(seed + 1);
  const records = sourcesOf(graph).flatMap((kernel): readonly TuningRecord[] => {
    const target = random() < 0.5 ? wasmSimd : wasmRelaxedSimd;
    const drawn = candidatesOf(kernel, 2, target).at(-1);
    if (drawn === undefined) return [];
    const nonsense = [-1, 0, 3, 1e9, 0.5, true, 'winograd-4x4', 'none'];
    const decisions = new Map(
      [...drawn.decisions].map(
        ([name, value]) =>
          [name, random() < 0.5 ? value : (nonsense[Math.floor(random() * nonsense.length)] ?? 0)] as const,
      ),
    );
    const isReal = random() < 0.5;
    return [recordOf(kernel, isReal ? drawn : { decisions, trace: [] }, 1, { target: target.name })];
  });
  return storeOf(graph, records);
}

describe('with any records', () => {
  test('kernels compute what the interpreter does', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryKernelGraph(), fc.nat(1e6), async ({ graph, inputs, isExact }, seed) => {
        const store = await randomStore(graph, seed);
        const isHalf = graph.nodes.some(({ outputs }) => outputs.some(({ type }) => type.dtype === 'f16'));
        const tolerance = isExact ? 0 : isHalf ? 2e-2 : 1e-3;
        const options = { reuse: { store, profile } };
        expect(await findDifference(graph, inputs, { rtol: tolerance, atol: tolerance }, options)).toBeUndefined();
      }),
      { numRuns: runs },
    );
  });

  test('memory exceeds what it may by workspaces alone', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryKernelGraph(), fc.nat(1e6), async ({ graph }, seed) => {
        const fused = optimizeGraph(graph);
        const { calls } = await reuseKernels(fused, { store: await randomStore(graph, seed), profile });
        const { total, limit, workspaces } = memoryUse(fused, calls, layoutMemory(fused, calls));
        const operands = calls.reduce((sum, { inputs }) => sum + inputs.length, fused.outputs.length);
        expect(total).toBeLessThanOrEqual(limit + workspaces.bytes + 64 * (operands + 3));
      }),
      { numRuns: runs },
    );
  });
});
