import { describe, expect, test } from 'vitest';
import { buildKernel, type KernelSource, kernelSources } from '../../../compiler/kernels.ts';
import { candidateSpace, executable } from '../../../compiler/tune/candidate-space.ts';
import { analyze, featureNames } from '../../../compiler/tune/features.ts';
import { randomSource } from '../../../ir/random.ts';
import { asDecided } from '../../../schedules/decision.ts';
import type { Candidate } from '../../../schedules/search/search.ts';
import { wasmRelaxedSimd, wasmSimd } from '../../../schedules/target/target.ts';
import { convLayer, denseLayer } from './graphs.ts';

const sourceOf = (graph: Parameters<typeof kernelSources>[0]): KernelSource => kernelSources(graph)[0] as KernelSource;

function samples(source: KernelSource, target = wasmRelaxedSimd, count = 40) {
  const [space, random] = [candidateSpace(source, target), randomSource(3)];
  const found = Array.from({ length: count }, () => space.sample(random));
  return { space, found: found.filter((candidate): candidate is Candidate => candidate !== undefined) };
}

describe.each([wasmSimd, wasmRelaxedSimd])('on $name', (target) => {
  test('the preferred candidate is the default schedule of that target', () => {
    const source = sourceOf(convLayer(9, 12, 20));
    const { preferred, kernelOf } = candidateSpace(source, target);
    const kernel = buildKernel(source.workload, source.context);
    const variant = target === wasmSimd ? kernel : kernel.relaxed;
    expect(preferred.trace).toEqual(variant.trace);
    expect(kernelOf(preferred).lowered).toEqual(variant.lowered);
  });

  test('a candidate is what compiles from its decisions', () => {
    const source = sourceOf(denseLayer([20, 24, 40]));
    const { space, found } = samples(source, target);
    expect(found.length).toBeGreaterThan(20);
    for (const candidate of found) {
      expect(space.at(candidate.decisions)).toBe(candidate);
      const kernel = buildKernel(source.workload, source.context, { target, decide: asDecided(candidate.decisions) });
      const variant = target === wasmSimd ? kernel : kernel.relaxed;
      expect(variant.lowered).toEqual(space.kernelOf(candidate).lowered);
    }
  });
});

test('no candidate of products needs more registers than there are', () => {
  const { space, found } = samples(sourceOf(denseLayer([40, 24, 64])));
  const alive = found.map((candidate) => {
    const { lowered, shared } = space.kernelOf(candidate);
    return analyze(lowered.map(executable(wasmRelaxedSimd)), shared, wasmRelaxedSimd).vectorsAlive;
  });
  expect(Math.max(...alive)).toBeLessThanOrEqual(15);
});

test('features are as many finite numbers for every candidate', () => {
  expect(featureNames.length).toBeLessThanOrEqual(64);
  expect(new Set(featureNames).size).toBe(featureNames.length);
  for (const graph of [denseLayer([20, 24, 40]), convLayer(9, 12, 20)]) {
    const { found } = samples(sourceOf(graph));
    for (const { features } of found) {
      expect(features.length).toBe(featureNames.length);
      expect(features.every(Number.isFinite)).toBe(true);
    }
    expect(new Set(found.map(({ features }) => features.join())).size).toBeGreaterThan(3);
  }
});

test('a search that fixes some decisions finds what there is to decide', () => {
  const { space, found } = samples(sourceOf(convLayer(9, 12, 20)), wasmRelaxedSimd, 10);
  const [candidate] = found;
  const names = space.openDecisions(candidate?.decisions ?? new Map()).map(({ name }) => name);
  expect(names).toEqual([...(candidate?.decisions.keys() ?? [])]);
  expect(names[0]).toBe('definition');
});
