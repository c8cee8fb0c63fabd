import { expect, test } from 'vitest';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { type TaskOptions, tasksOf } from '../../../compiler/tune/tasks.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import { wasmRelaxedSimd, webgpu } from '../../../schedules/target/target.ts';
import { denseLayer } from './graphs.ts';

test('equal workloads are one task, which knows how often it is called', () => {
  const b = new GraphBuilder('layers');
  let value = b.input('x', 'f32', [6, 8]);
  for (const [i, columns] of [8, 8, 8, 5].entries()) {
    const data = new Float32Array(8 * columns).fill(i);
    const w = b.constant({ dtype: 'f32', shape: [8, columns], data }, `w${i}`);
    value = b.op('matmul', [value, w], { transA: false, transB: false });
  }
  b.output('y', value);
  const tasks = tasksOf(optimizeGraph(b.finish()), wasmRelaxedSimd);
  expect(tasks.map(({ calls, row }) => [calls, row.shape])).toEqual([
    [3, [1, 6, 8, 8]],
    [1, [1, 6, 5, 8]],
  ]);
});

test('operands are random but for integers that the model holds', () => {
  const b = new GraphBuilder('lookup');
  const table = b.input('table', 'f32', [9, 4]);
  const indices = b.constant({ dtype: 'i32', shape: [3], data: Int32Array.of(8, 0, 3) }, 'indices');
  b.output('y', b.op('gather', [table, indices], { axis: 0 }));
  const [task] = tasksOf(optimizeGraph(b.finish()), wasmRelaxedSimd);
  expect(task?.operands).toEqual([
    { dtype: 'f32', shape: [9, 4] },
    { dtype: 'i32', shape: [3], data: Int32Array.of(8, 0, 3) },
  ]);
});

test('large weights are not in the caches when a run begins, unless it is said otherwise', () => {
  const modesOf = (size: number, options: TaskOptions = {}): readonly string[] =>
    tasksOf(denseLayer([4, size, size]), wasmRelaxedSimd, options).map(({ cache }) => cache);
  expect(modesOf(256)).toEqual(['warm']);
  expect(modesOf(1024)).toEqual(['cold']);
  expect(modesOf(1024, { cache: 'warm' })).toEqual(['warm']);
  expect(tasksOf(denseLayer([4, 1024, 1024]), webgpu)[0]?.cache).toBe('warm');
});
