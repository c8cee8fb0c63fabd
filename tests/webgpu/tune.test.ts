import { afterAll, describe, expect, test } from 'vitest';
import { openMeasurer } from '../../compiler/cli/open-measurer.ts';
import { compareTensors } from '../../compiler/io/compare.ts';
import { randomTensor } from '../../compiler/io/random-inputs.ts';
import { compile } from '../../compiler/pipeline.ts';
import type { Measurer } from '../../compiler/tune/measure/measurer.ts';
import type { TaskProgram } from '../../compiler/tune/measure/programs.ts';
import { median } from '../../compiler/tune/measure/statistics.ts';
import { tune, tuningTasks } from '../../compiler/tune/tune.ts';
import { interpretGraph } from '../../ir/graph/interpret.ts';
import { randomSource } from '../../ir/random.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { load } from '../../runtime/load.ts';
import { webgpu } from '../../runtime/webgpu/index.ts';
import { MemoryStore } from '../../schedules/database/memory-store.ts';
import { denseLayer } from '../compiler/tune/graphs.ts';
import { copyTask } from '../compiler/tune/hand-written.ts';
import { COPY, copyKernel, SLOW } from './copy-kernel.ts';
import { softwareAdapter, wantedAdapter } from './dawn.ts';

const adapter = await softwareAdapter();
const because = typeof adapter === 'string' ? `: ${adapter}` : '';
process.env['TILEWRIGHT_WEBGPU_ADAPTER'] = wantedAdapter;

const opened: Measurer[] = [];
afterAll(() => Promise.all(opened.map((measurer) => measurer.close())));

async function measurerOnGpu(): Promise<Measurer> {
  const options = { device: 'node', target: 'webgpu', host: '' } as const;
  const measurer = await openMeasurer(options, '', () => undefined, new AbortController().signal);
  opened.push(measurer);
  return measurer;
}

describe.skipIf(typeof adapter === 'string')(`on a GPU in software${because}`, { timeout: 240_000 }, () => {
  test('what is wrong with a candidate is the outcome of that candidate only', async () => {
    const wasm = await copyTask();
    const task: TaskProgram = { ...wasm, anchor: copyKernel(COPY) };
    const endless = `while (result[i] != 1.5) { result[i] = source[i]; }`;
    const statements = [
      COPY,
      'result[i] = -source[i];',
      'result[0] = source[0];',
      'result[i] = nothing;',
      endless,
      SLOW,
    ];
    const batch = { module: wasm.module, kernels: statements.map(copyKernel), isFinal: false };
    const outcomes = await (await measurerOnGpu()).measure(task, batch);
    expect(outcomes.map((outcome) => outcome?.kind)).toEqual(['time', 'wrong', 'wrong', 'trap', 'timeout', 'time']);
    expect(outcomes[3]).toMatchObject({ message: expect.stringContaining('nothing') });
    const [fast, slower] = [outcomes[0], outcomes[5]];
    expect(slower?.kind === 'time' && fast?.kind === 'time' && slower.ms / fast.ms).toBeGreaterThan(5);
  });

  test('a model that was tuned computes the same, and is not slower', async () => {
    const [graph, store, measurer] = [denseLayer([64, 96, 128]), new MemoryStore(), await measurerOnGpu()];
    const tasks = tuningTasks(graph, { measurer });
    const kinds: string[] = [];
    for await (const event of tune(tasks, { store, measurer, budget: { trials: 12 }, seed: 1 }))
      if (event.kind === 'outcome') kinds.push(event.outcome.kind);
    expect(new Set(kinds)).toEqual(new Set(['time']));
    const records = await store.recordsOf(tasks[0]?.workload ?? '');
    expect(records).toHaveLength(kinds.length);
    for (const { target, device, engine } of records) {
      expect([target, engine.name]).toEqual(['webgpu', 'dawn']);
      expect(device.class).toMatch(/^webgpu-\w+-\w/);
    }
    const reuse = { store, adapterProfile: measurer.profile };
    const tuned = await compile(graph, { targets: ['webgpu'], reuse });
    expect(tuned.webgpu?.reused?.map(({ answer }) => answer.rank)).toEqual([1]);
    expect((await compile(graph, { targets: ['webgpu'], reuse })).files).toEqual(tuned.files);
    const standard = await compile(graph, { targets: ['webgpu'] });
    const device = await (adapter as GPUAdapter).requestDevice();
    const models = await Promise.all([standard, tuned].map(({ files }) => load(files, { device: webgpu({ device }) })));
    const inputs = { x: randomTensor({ dtype: 'f32', shape: [64, 96] }, randomSource(4)) };
    const { y: expected } = interpretGraph(graph, inputs);
    const times: number[][] = [[], []];
    for (let turn = 0; turn < 30; turn++)
      for (const [i, model] of models.entries()) {
        const start = performance.now();
        const { y } = await model.run(inputs);
        times[i]?.push(performance.now() - start);
        const difference = compareTensors(y as TensorData, expected as TensorData, { rtol: 1e-2, atol: 1e-3 });
        expect(difference.wrong).toBe(0);
      }
    for (const model of models) model.dispose();
    const [before = 0, after = 0] = times.map(median);
    expect(after).toBeLessThan(1.5 * before);
  });
});
