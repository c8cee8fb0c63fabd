// Runs in a page of the browser: loads each engine with a case, and times them in turns.

interface TensorText {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

export interface PageCase {
  readonly id: string;
  readonly inputs: readonly TensorText[];
  readonly outputs: readonly Pick<TensorText, 'name' | 'data'>[];
  readonly turns: number;
  /** For products of square matrices of this size: a shader that computes one element of the result in each invocation. */
  readonly naive?: number;
}

export interface PageResult {
  readonly engine: string;
  readonly ms?: readonly number[];
  readonly loadMs?: number;
  readonly firstMs?: number;
  /** Why there are no times, or in what a peer's answers are beyond the tolerance. */
  readonly problem?: string;
}

interface Session {
  readonly engine: string;
  readonly loadMs: number;
  readonly run: () => Promise<Readonly<Record<string, ArrayLike<number | bigint>>>>;
}

const arrays = { f32: Float32Array, i32: Int32Array, i64: BigInt64Array } as const;
const ortTypes = { f32: 'float32', i32: 'int32', i64: 'int64' } as const;

const dataOf = ({ dtype, data }: TensorText) =>
  dtype === 'i64' ? BigInt64Array.from(data, BigInt) : arrays[dtype as 'f32'].from(data as number[]);

async function openTilewright({ id, inputs }: PageCase): Promise<Session> {
  const start = performance.now();
  const artifact = await import(`/artifact/${id}/index.js`);
  const model = await artifact.load({ device: artifact.webgpu() });
  const loadMs = performance.now() - start;
  const feeds = Object.fromEntries(inputs.map((input) => [input.name, { ...input, data: dataOf(input) }]));
  return {
    engine: 'tilewright',
    loadMs,
    run: async () => {
      const outputs = await model.run(feeds);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, tensor]) => [name, (tensor as { data: never }).data]),
      );
    },
  };
}

/** Of the address bar's own site, not a module of this project. */
const ORT: string = '/ort/ort.webgpu.bundle.min.mjs';

async function openOnnxruntime({ id, inputs }: PageCase): Promise<Session> {
  const start = performance.now();
  const ort = await import(ORT);
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(`/model/${id}.onnx`, { executionProviders: ['webgpu'] });
  const loadMs = performance.now() - start;
  const feeds = Object.fromEntries(
    inputs.map((input) => [input.name, new ort.Tensor(ortTypes[input.dtype as 'f32'], dataOf(input), input.shape)]),
  );
  return {
    engine: 'onnxruntime-web',
    loadMs,
    run: async () => {
      const outputs = await session.run(feeds);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, tensor]) => [name, (tensor as { data: never }).data]),
      );
    },
  };
}

/** A product of square matrices as a beginner writes it: an element of the result in each invocation. */
async function openNaive({ inputs, outputs }: PageCase, size: number): Promise<Session> {
  const start = performance.now();
  const adapter = (await navigator.gpu.requestAdapter()) as GPUAdapter;
  const device = await adapter.requestDevice();
  const code = `
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@compute @workgroup_size(16, 16) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var sum = 0.0;
  for (var k = 0u; k < ${size}u; k++) { sum += a[id.y * ${size}u + k] * b[k * ${size}u + id.x]; }
  c[id.y * ${size}u + id.x] = sum;
}`;
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const bytes = 4 * size * size;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const [a, b, c] = [0, 1, 2].map(() => device.createBuffer({ size: bytes, usage })) as [
    GPUBuffer,
    GPUBuffer,
    GPUBuffer,
  ];
  const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const data = inputs.map(dataOf) as Float32Array<ArrayBuffer>[];
  const entries = [a, b, c].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const loadMs = performance.now() - start;
  return {
    engine: 'naive',
    loadMs,
    run: async () => {
      for (const [i, buffer] of [a, b].entries())
        device.queue.writeBuffer(buffer, 0, data[i] as Float32Array<ArrayBuffer>);
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(size / 16, size / 16);
      pass.end();
      encoder.copyBufferToBuffer(c, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const result = new Float32Array(staging.getMappedRange().slice(0));
      staging.unmap();
      return { [outputs[0]?.name ?? '']: result };
    },
  };
}

function mistakeIn(
  actual: ArrayLike<number | bigint> | undefined,
  expected: readonly (number | string)[],
): string | undefined {
  if (actual?.length !== expected.length) return `has ${actual?.length} elements, should have ${expected.length}`;
  for (const [i, value] of expected.entries()) {
    const [a, b] = [Number(actual[i]), Number(value)];
    if (!(Math.abs(a - b) <= 1e-3 + 1e-2 * Math.abs(b))) return `element ${i} is ${a}, should be ${b}`;
  }
  return undefined;
}

/**
 * Times the engines in turns of two runs, the first of which does not count. Ours is not timed where an answer of it is
 * wrong; a peer is, and what is wrong is told with its times.
 */
export async function measureCase(entry: PageCase): Promise<readonly PageResult[]> {
  const openers = [openTilewright, openOnnxruntime, ...(entry.naive === undefined ? [] : [openNaive])];
  const results: PageResult[] = [];
  const open: {
    readonly session: Session;
    readonly ms: number[];
    readonly firstMs: number;
    readonly problem?: string;
  }[] = [];
  for (const opener of openers) {
    try {
      const session = await opener(entry, entry.naive ?? 0);
      const start = performance.now();
      const outputs = await session.run();
      const firstMs = performance.now() - start;
      const [problem] = entry.outputs.flatMap(({ name, data }) => {
        const mistake = mistakeIn(outputs[name], data);
        return mistake === undefined ? [] : [`${name}: ${mistake}`];
      });
      const isTimed = problem === undefined || opener !== openTilewright;
      if (isTimed) open.push({ session, ms: [], firstMs, ...(problem !== undefined && { problem }) });
      else results.push({ engine: session.engine, problem });
    } catch (error) {
      results.push({ engine: opener.name, problem: String(error) });
    }
  }
  for (let turn = 0; turn < entry.turns; turn++)
    for (const { session, ms } of open) {
      await session.run();
      const start = performance.now();
      await session.run();
      ms.push(performance.now() - start);
    }
  return [...open.map(({ session: { engine, loadMs }, ...timed }) => ({ engine, loadMs, ...timed })), ...results];
}
