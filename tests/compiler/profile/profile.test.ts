import { describe, expect, test } from 'vitest';
import { compile } from '../../../compiler/pipeline.ts';
import { chromeTrace } from '../../../compiler/profile/chrome-trace.ts';
import { leastTime } from '../../../compiler/profile/limits/limits.ts';
import type { Profile, ProfiledStep } from '../../../compiler/profile/profile.ts';
import { summarize } from '../../../compiler/profile/summary.ts';
import { stepsOf } from '../../../compiler/profile/timeline.ts';
import { profileWebgpu } from '../../../compiler/profile/webgpu.ts';
import { parseGraph } from '../../../ir/text/parse.ts';
import { f32 } from '../../runtime/models.ts';
import { softwareAdapter } from '../../webgpu/dawn.ts';

const limits = {
  gflops: 100,
  copies: [
    { bytes: 1000, gbps: 50 },
    { bytes: 1_000_000, gbps: 10 },
  ],
};

test('the least time is that of arithmetic or of memory, as fast as copies of that size', () => {
  expect(leastTime(limits, { flops: 1e8, bytes: 10 })).toEqual({ by: 'arithmetic', ms: 1 });
  expect(leastTime(limits, { flops: 0, bytes: 10_000_000 })).toEqual({ by: 'memory', ms: 1 });
  expect(leastTime(limits, { flops: 0, bytes: 50_000 }).ms).toBeCloseTo(1e-3);
  expect(leastTime(limits, { flops: 0, bytes: 500 }).ms).toBeCloseTo(1e-5);
});

describe('a profile', () => {
  const step = (kernel: string, ms: number, startMs: number, flops: number): ProfiledStep => ({
    kernel,
    node: `${kernel} of ${startMs}`,
    ms,
    shown: { startMs, ms },
    known: { work: { flops, bytes: 0 }, operators: ['matmul'], inputs: ['f32[2]'], outputs: ['f32[3]'] },
  });
  const profile: Profile = {
    device: 'wasm',
    name: 'a machine',
    method: 'by hand',
    runMs: 4,
    runs: 1,
    limits,
    steps: [step('a', 1, 0, 5e7), step('b', 2, 1, 0), step('a', 1, 3, 5e7)],
  };

  test('sums the calls of a kernel, the longest first', () => {
    const { kernels, all } = summarize(profile);
    expect(kernels.map(({ kernel, calls, ms, share }) => [kernel, calls, ms, share])).toEqual([
      ['a', 2, 2, 0.5],
      ['b', 1, 2, 0.5],
    ]);
    expect(kernels[0]).toMatchObject({ results: 'f32[3]', rates: { gflops: 50, ofLimit: 0.5, by: 'arithmetic' } });
    expect(all).toMatchObject({ calls: 3, ms: 4, rates: { gflops: 25 } });
  });

  test('has no rates where it is not known what a kernel does', () => {
    const { kernels } = summarize({
      ...profile,
      steps: [{ kernel: 'a', node: 'n', ms: 1, shown: { startMs: 0, ms: 1 } }],
    });
    expect(kernels).toEqual([{ kernel: 'a', calls: 1, ms: 1, share: 1 }]);
  });

  test('is a trace in microseconds, whose run holds the kernels', () => {
    const { traceEvents } = JSON.parse(chromeTrace('model', [profile])) as { traceEvents: readonly object[] };
    expect(traceEvents.filter((event) => 'ts' in event)).toMatchObject([
      { name: 'run', ph: 'X', ts: 0, dur: 4000, pid: 1, tid: 1 },
      { name: 'a', ts: 0, dur: 1000, args: { 'GFLOP/s': 50, outputs: 'f32[3]' } },
      { name: 'b', ts: 1000, dur: 2000 },
      { name: 'a', ts: 3000, dur: 1000 },
    ]);
  });
});

test('times are medians over runs, and the run that is shown is the one of median length', () => {
  const runs = [
    { starts: [10, 11], ends: [11, 19] },
    { starts: [0, 2], ends: [2, 3] },
    { starts: [0, 3], ends: [3, 7] },
  ];
  const facts = ['a', 'b'].map((kernel) => ({ kernel, node: kernel }));
  expect(stepsOf(facts, runs)).toEqual([
    { kernel: 'a', node: 'a', ms: 2, shown: { startMs: 0, ms: 3 } },
    { kernel: 'b', node: 'b', ms: 4, shown: { startMs: 3, ms: 4 } },
  ]);
});

const adapter = await softwareAdapter();

test.skipIf(typeof adapter === 'string')(
  `a GPU without timestamps is timed by chains of dispatches${typeof adapter === 'string' ? `: ${adapter}` : ''}`,
  { timeout: 120_000 },
  async () => {
    const device = await (adapter as GPUAdapter).requestDevice({
      requiredLimits: { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 },
    });
    const graph = parseGraph('graph @g(%x: f32[64]) -> ("y" = %y) {\n  %y: f32[64] = exp(%x)\n}');
    const { files } = await compile(graph, { targets: ['webgpu'] });
    const inputs = { x: f32([64], new Array<number>(64).fill(1)) };
    const {
      method,
      runs,
      steps,
      runMs,
      limits: measured,
    } = await profileWebgpu(files, { device, name: 'x' }, { inputs });
    expect([method, runs]).toEqual(['chains of each dispatch', 1]);
    expect(steps).toMatchObject([{ kernel: expect.stringContaining('exp') }]);
    for (const value of [steps[0]?.ms ?? 0, runMs, measured.gflops, ...measured.copies.map(({ gbps }) => gbps)])
      expect(value).toBeGreaterThan(0);
    device.destroy();
  },
);
