import { describe, expect, test } from 'vitest';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { kernelSources } from '../../../compiler/kernels.ts';
import { parseGraph } from '../../../ir/text/parse.ts';
import { asDecided } from '../../../schedules/decision.ts';
import type { Decisions } from '../../../schedules/search/search.ts';
import { scheduleWorkload } from '../../../schedules/space/search-space.ts';
import { webgpu } from '../../../schedules/target/target.ts';
import { printStep } from '../../../schedules/trace-text.ts';

/** The steps of the default schedule of a graph that is one kernel, but for what is decided. */
function stepsOf(text: string, decisions: Decisions = new Map()): string {
  const [source] = kernelSources(optimizeGraph(parseGraph(text)));
  if (source === undefined) throw new Error('there is a kernel');
  const { trace } = scheduleWorkload(source.workload, { ...source.context, target: webgpu }, asDecided(decisions));
  return trace.map(printStep).join('\n');
}

const matmul = (m: number, n: number, k: number, transB = false): string =>
  `graph @product(%a: f32[${m}, ${k}], %b: f32[${transB ? `${n}, ${k}` : `${k}, ${n}`}]) -> ("y" = %y) {
    %y: f32[${m}, ${n}] = matmul(%a, %b) {transA = false, transB = ${transB}}
  }`;

describe('on a GPU, by default', () => {
  test('a large product keeps both operands in the memory of large workgroups, a small one neither', () => {
    const steps = stepsOf(matmul(1024, 1024, 1024));
    expect(steps.match(/^reindex-cache-read .*scope=workgroup/gm)).toHaveLength(2);
    expect(steps).toMatch(/workgroup-size candidates=\[32,64,128,256\] decision=3/);
    expect(stepsOf(matmul(512, 512, 512))).not.toMatch('scope=workgroup');
  });

  test('a product of a vector divides a long reduction, and no short one', () => {
    expect(stepsOf(matmul(1, 512, 512))).toMatch(/^rfactor/m);
    expect(stepsOf(matmul(1, 512, 64))).not.toMatch('rfactor');
  });

  test('rows that are read once are not packed', () => {
    const sum = `graph @sum(%x: f32[64, 1000]) -> ("y" = %y) {
      %y: f32[64] = reduce_sum(%x) {axes = [1], keepDims = false}
    }`;
    for (const steps of [stepsOf(sum), stepsOf(matmul(1, 64, 1000, true))]) {
      expect(steps).not.toMatch('transform-layout');
      expect(steps).toMatch(/axis=workgroup.x/);
    }
  });

  test('a transpose is for square workgroups, and goes through their memory where that is decided', () => {
    const transpose = `graph @turn(%x: f32[3, 40, 100]) -> ("y" = %y) {
      %y: f32[3, 100, 40] = transpose(%x) {perm = [0, 2, 1]}
    }`;
    expect(stepsOf(transpose)).toMatch(/axis=invocation.y/);
    expect(stepsOf(transpose)).not.toMatch('scope=workgroup');
    const shared = new Map([['transpose.shared', true]]);
    expect(stepsOf(transpose, shared)).toMatch(/^reindex-cache-read .*scope=workgroup/m);
  });
});
