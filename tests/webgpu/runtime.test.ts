import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/pipeline.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Graph, Value } from '../../ir/graph/graph.ts';
import { ArtifactError, ModelInputError } from '../../runtime/errors.ts';
import { load } from '../../runtime/load.ts';
import type { GpuTensor, WebgpuOptions } from '../../runtime/webgpu/api.ts';
import { GpuError, webgpu } from '../../runtime/webgpu/index.ts';
import { softwareAdapter, validatingDevice, wantedAdapter } from './dawn.ts';

const adapter = await softwareAdapter();
const why = typeof adapter === 'string' ? `: ${adapter}` : '';
const device = typeof adapter === 'string' ? undefined : await adapter.requestDevice();

function graphOf(build: (graph: GraphBuilder) => Value): Graph {
  const graph = new GraphBuilder('small');
  graph.output('y', build(graph));
  return graph.finish();
}

/** y = 2·x + 1 on f32[4], of which 1 is not a constant of one element. */
const { files } = await compile(
  graphOf((graph) => {
    const x = graph.input('x', 'f32', [4]);
    const one = graph.constant({ dtype: 'f32', shape: [4], data: new Float32Array([1, 1, 1, 1]) });
    return graph.op('add', [graph.op('add', [x, x], {}), one], {});
  }),
  { targets: ['wasm', 'webgpu'] },
);

const f32 = (values: readonly number[]) => ({ dtype: 'f32', shape: [4], data: Float32Array.from(values) }) as const;
const openModel = (options: WebgpuOptions) => load(files, { device: webgpu(options) });

/** A device whose buffers are counted while they live. */
function counting(gpu: GPUDevice): () => number {
  const live = new Set<GPUBuffer>();
  const createBuffer = gpu.createBuffer.bind(gpu);
  gpu.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    live.add(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  return () => live.size;
}

describe('loading', () => {
  test('tells of each pipeline that is made, and what the model is', async () => {
    const told: [number, number][] = [];
    const gpu = await validatingDevice();
    const model = await openModel({ device: gpu, onProgress: (...progress) => told.push(progress) });
    expect(told).toEqual([[1, 1]]);
    expect(model.info()).toMatchObject({
      name: 'small',
      kernels: 1,
      threads: 1,
      gpu: { adapter: expect.any(String), dispatches: 1, pipelines: 1, onHost: [] },
    });
    expect(model.device).toBe(gpu);
    model.dispose();
  });

  test('names the limit that a device lacks', async () => {
    const gpu = await validatingDevice();
    const limits = new Proxy(gpu.limits, {
      get: (of, name) => (name === 'maxBufferSize' ? 16 : Reflect.get(of, name)),
    });
    Object.defineProperty(gpu, 'limits', { value: limits });
    await expect(openModel({ device: gpu })).rejects.toThrow(
      new GpuError('the model needs maxBufferSize 512, and the device has 16'),
    );
  });

  test('says that a host has no WebGPU', async () => {
    await expect(openModel({})).rejects.toThrow(new GpuError('this host has no WebGPU: navigator.gpu is missing'));
  });

  test('names the kernel that a device refuses, and leaves nothing', async () => {
    const gpu = await validatingDevice();
    const count = counting(gpu);
    gpu.createComputePipelineAsync = () => Promise.reject(new Error('no'));
    await expect(openModel({ device: gpu })).rejects.toThrow(new ArtifactError('kernels.wgsl: no'));
    expect(count()).toBe(0);
  });
});

describe('what is let go', () => {
  test('a device that was asked of an adapter goes with the model, and one that was given does not', async () => {
    const gpu = await validatingDevice();
    const given = await openModel({ device: gpu });
    given.dispose();
    const buffer = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST });
    await expect(Promise.race([gpu.lost, Promise.resolve('not lost')])).resolves.toBe('not lost');
    buffer.destroy();
  });

  test.skipIf(device === undefined)(`an own device is destroyed by dispose${why}`, async () => {
    const other = await softwareAdapter();
    const model = await openModel({ adapter: other as GPUAdapter });
    const { device: own } = model;
    await model.run({ x: f32([1, 2, 3, 4]) });
    model.dispose();
    await expect(own.lost).resolves.toMatchObject({ reason: 'destroyed' });
    await expect(model.run({ x: f32([1, 2, 3, 4]) })).rejects.toThrow(
      new ModelInputError('model small was disposed of'),
    );
    model.dispose();
  });

  test('10,000 runs leave no buffer behind, wherever their outputs are', { timeout: 120_000 }, async () => {
    const gpu = await validatingDevice();
    const count = counting(gpu);
    const model = await openModel({ device: gpu });
    const atFirst = count();
    const x = f32([1, 2, 3, 4]);
    let onGpu: GpuTensor | undefined;
    for (let run = 0; run < 5000; run++) {
      await model.run({ x });
      const { y } = await model.run({ x: onGpu ?? x }, { outputs: 'gpu' });
      onGpu?.data.destroy();
      onGpu = y;
    }
    onGpu?.data.destroy();
    expect(count()).toBe(atFirst);
    model.dispose();
    expect(count()).toBe(0);
  });
});

describe.skipIf(device === undefined)(`on a device${why}`, () => {
  const gpu = device as GPUDevice;

  test('keeps runs apart that are started at the same time, and what it was given', async () => {
    const model = await openModel({ device: gpu });
    const x = f32([0, 0, 0, 0]);
    const runs = [1, 2, 3, 4, 5].map((value) => {
      x.data.fill(value);
      return model.run({ x });
    });
    x.data.fill(100);
    expect((await Promise.all(runs)).map(({ y }) => y?.data[3])).toEqual([3, 5, 7, 9, 11]);
    model.dispose();
  });

  test('takes and gives tensors on the GPU, which are the callers', async () => {
    const model = await openModel({ device: gpu });
    const first = await model.run({ x: f32([1, 2, 3, 4]) }, { outputs: 'gpu' });
    const second = await model.run({ x: first['y'] as GpuTensor }, { outputs: 'gpu' });
    const third = await model.run({ x: second['y'] as GpuTensor });
    expect([...(third['y']?.data ?? [])]).toEqual([15, 23, 31, 39]);
    expect([...((await model.run({ x: first['y'] as GpuTensor }))['y']?.data ?? [])]).toEqual([7, 11, 15, 19]);
    model.dispose();
    const staging = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer((second['y'] as GpuTensor).data, 0, staging, 0, 16);
    gpu.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    expect([...new Float32Array(staging.getMappedRange())]).toEqual([7, 11, 15, 19]);
  });

  test.each<[string, number, number, string]>([
    ['is too short', 8, GPUBufferUsage.COPY_SRC, '16 bytes on the GPU, but its buffer has 8'],
    ['cannot be copied', 16, GPUBufferUsage.COPY_DST, 'with the usage COPY_SRC, which its buffer lacks'],
  ])('refuses a buffer that %s', async (_, size, usage, message) => {
    const model = await openModel({ device: gpu });
    const data = gpu.createBuffer({ size, usage });
    const refused = model.run({ x: { dtype: 'f32', shape: [4], data } });
    await expect(refused).rejects.toThrow(ModelInputError);
    await expect(refused).rejects.toThrow(message);
    model.dispose();
  });

  test('rejects a run that the device finds fault with, and no other', async () => {
    const model = await openModel({ device: gpu });
    const data = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_SRC });
    data.destroy();
    const faulty = model.run({ x: { dtype: 'f32', shape: [4], data } });
    const right = model.run({ x: f32([1, 2, 3, 4]) });
    await expect(faulty).rejects.toThrow(GpuError);
    expect([...((await right)['y']?.data ?? [])]).toEqual([3, 5, 7, 9]);
    model.dispose();
  });

  test('leaves no buffer of a run that was ended', async () => {
    const own = await ((await softwareAdapter()) as GPUAdapter).requestDevice();
    const count = counting(own);
    const model = await openModel({ device: own });
    const run = model.run({ x: f32([1, 2, 3, 4]) }, { outputs: 'gpu' });
    const ended = Promise.allSettled([run]);
    await new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve(undefined))));
    model.dispose();
    expect((await ended)[0].status).toBe('rejected');
    await own.queue.onSubmittedWorkDone();
    await expect.poll(count).toBe(0);
    expect(model.info().gpu.adapter).toMatch(new RegExp(wantedAdapter, 'i'));
    own.destroy();
  });

  test('rejects what was started when it is disposed of', async () => {
    const model = await openModel({ device: gpu });
    const runs = [model.run({ x: f32([1, 2, 3, 4]) }), model.run({ x: f32([1, 2, 3, 4]) })];
    const ended = Promise.allSettled(runs);
    await Promise.resolve();
    model.dispose();
    expect((await ended).map((end) => end.status === 'rejected' && String(end.reason))).toEqual([
      'GpuError: model small was disposed of during a run',
      'ModelInputError: model small was disposed of',
    ]);
  });
});

describe.skipIf(device === undefined)(`a lost device${why}`, () => {
  const lost = /^model small: its GPU device was lost \(destroyed.*restore\(\) loads the model on a new one$/;

  test('rejects pending and later runs, until the model is restored', async () => {
    const own = await ((await softwareAdapter()) as GPUAdapter).requestDevice();
    const model = await openModel({ device: own });
    const pending = [model.run({ x: f32([1, 2, 3, 4]) }), model.run({ x: f32([1, 2, 3, 4]) })];
    const ended = Promise.allSettled(pending);
    await Promise.resolve();
    own.destroy();
    for (const end of await ended) {
      expect(end).toMatchObject({
        status: 'rejected',
        reason: { name: 'GpuError', message: expect.stringMatching(lost) },
      });
    }
    await expect(model.run({ x: f32([1, 2, 3, 4]) })).rejects.toThrow(lost);

    await expect(model.restore()).rejects.toThrow('navigator.gpu is missing');
    await expect(model.run({ x: f32([1, 2, 3, 4]) })).rejects.toThrow(lost);

    const restored = model.restore({ device: device as GPUDevice });
    const waiting = model.run({ x: f32([1, 2, 3, 4]) });
    await restored;
    expect([...((await waiting)['y']?.data ?? [])]).toEqual([3, 5, 7, 9]);
    expect(model.device).toBe(device);
    model.dispose();
  });

  test('of an adapter is replaced by that of another adapter', async () => {
    const model = await openModel({ adapter: (await softwareAdapter()) as GPUAdapter });
    model.device.destroy();
    await model.device.lost;
    await expect(model.run({ x: f32([1, 2, 3, 4]) })).rejects.toThrow(lost);
    await model.restore({ adapter: (await softwareAdapter()) as GPUAdapter });
    expect([...((await model.run({ x: f32([1, 2, 3, 4]) }))['y']?.data ?? [])]).toEqual([3, 5, 7, 9]);
    model.dispose();
  });
});
