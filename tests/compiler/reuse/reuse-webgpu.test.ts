import { expect, test } from 'vitest';
import { compile } from '../../../compiler/pipeline.ts';
import type { ReuseOptions } from '../../../compiler/reuse/reuse.ts';
import type { KernelTask } from '../../../compiler/tune/tasks.ts';
import { tuningTasks } from '../../../compiler/tune/tune.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { randomSource } from '../../../ir/random.ts';
import { MemoryStore } from '../../../schedules/database/memory-store.ts';
import type { TuningRecord } from '../../../schedules/database/record.ts';
import type { Candidate } from '../../../schedules/search/search.ts';
import { wasmRelaxedSimd } from '../../../schedules/target/target.ts';
import { someGpu } from '../tune/gpu.ts';
import { denseLayer } from '../tune/graphs.ts';
import { candidatesOf, recordOf, sourceOf } from './records.ts';

const onGpu = { target: 'webgpu', ...someGpu };
const elsewhere = { ...onGpu, device: { class: 'webgpu-other', fingerprint: 'other' } };

const taskOf = (graph: Graph): KernelTask =>
  tuningTasks(graph, { measurer: { profile: someGpu } as never })[0] as KernelTask;

/** Schedules that differ from the default one and from each other. */
function schedulesOf({ space }: KernelTask): readonly Candidate[] {
  const random = randomSource(3);
  const found = Array.from({ length: 40 }, () => space.sample(random)).filter((one) => one !== undefined);
  return [...new Map(found.map((one) => [one.key, one])).values()].filter(({ key }) => key !== space.preferred.key);
}

async function storeOf(task: KernelTask, ...records: readonly TuningRecord[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  await store.add([task.row], records);
  return store;
}

const compiled = (graph: Graph, reuse: ReuseOptions) => compile(graph, { targets: ['wasm', 'webgpu'], reuse });

const graph = denseLayer([40, 24, 64]);
const task = taskOf(graph);
const [first, second] = schedulesOf(task) as [Candidate, Candidate];

test('a kernel for WebGPU has the schedule that is best on such a device, and the manifest says so', async () => {
  const records = [recordOf(task.source, first, 1, elsewhere), recordOf(task.source, second, 2, onGpu)];
  const store = await storeOf(task, ...records);
  const { webgpu, reused, files } = await compiled(graph, { store, adapterProfile: someGpu });
  expect(webgpu?.reused?.map(({ answer }) => answer.rank)).toEqual([1]);
  expect(webgpu?.calls[0]?.kernel.trace).toEqual(second.trace);
  // The processor has none of a GPU's.
  expect(reused?.map(({ answer }) => answer.rank)).toEqual([5]);
  const { provenance } = JSON.parse(new TextDecoder().decode(files['manifest.json']));
  expect(provenance.webgpuSchedules).toEqual(
    webgpu?.reused?.map(({ kernel, answer }) => ({ kernel: kernel.name, ...answer })),
  );
  expect((await compiled(graph, { store, adapterProfile: someGpu })).files).toEqual(files);
});

test('records of other GPUs count where there are none of this one, or this one is not known', async () => {
  const store = await storeOf(task, recordOf(task.source, first, 1, elsewhere));
  for (const profile of [{ adapterProfile: someGpu }, {}]) {
    const { webgpu } = await compiled(graph, { store, ...profile });
    expect(webgpu?.reused?.map(({ answer }) => answer.rank)).toEqual([2]);
    expect(webgpu?.calls[0]?.kernel.trace).toEqual(first.trace);
  }
});

test('a workload that was not measured has the schedule of the nearest one, or the default', async () => {
  const store = await storeOf(task, recordOf(task.source, first, 1, onGpu));
  const near = await compiled(denseLayer([48, 24, 64]), { store, adapterProfile: someGpu });
  expect(near.webgpu?.reused?.map(({ answer }) => answer.rank)).toEqual([3]);
  const far = await compiled(denseLayer([40, 900, 1000]), { store, adapterProfile: someGpu });
  expect(far.webgpu?.reused?.map(({ answer }) => answer.rank)).toEqual([5]);
});

test('records of processors say nothing of a GPU', async () => {
  const source = sourceOf(graph);
  const [candidate] = candidatesOf(source, 1) as [Candidate];
  const store = await storeOf(task, recordOf(source, candidate, 1, { target: wasmRelaxedSimd.name }));
  const { webgpu, reused } = await compiled(graph, { store, adapterProfile: someGpu });
  expect(webgpu?.reused?.map(({ answer }) => answer.rank)).toEqual([5]);
  expect(reused?.[0]?.answer.rank).toBeLessThan(3);
});
