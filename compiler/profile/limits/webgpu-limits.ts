import type { Dispatch } from '../../../runtime/webgpu/pipelines.ts';
import { stopwatchOf } from '../../tune/measure/webgpu/stopwatch.ts';
import { chainTime } from '../gpu-chain.ts';
import type { CopySpeed, DeviceLimits } from './limits.ts';

const INVOCATIONS = 64;
const CHAINS = 8;
const ROUNDS = 256;
/** Of one invocation: vectors of four, a product and a sum each. */
const FLOPS = CHAINS * ROUNDS * 4 * 2;
const WORKGROUPS = [64, 512, 4096, 32768];
/** A dispatch that takes so long, in milliseconds, occupies all of the device. */
const LONG = 4;

const COPIES = [2 ** 20, 2 ** 24, 2 ** 27];
const COPY_INVOCATIONS = 256;

const each = (text: (chain: number) => string): string => Array.from({ length: CHAINS }, (_, i) => text(i)).join('\n');

/** Sums of products in chains that do not depend on one another; they start from memory, lest they be computed ahead. */
const arithmetic = (step: (sum: string) => string): string => `
@group(0) @binding(0) var<storage, read_write> values: array<vec4<f32>>;
@compute @workgroup_size(${INVOCATIONS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let a = values[0];
  let b = values[1];
${each((i) => `  var s${i} = values[${i + 2}];`)}
  for (var round = 0; round < ${ROUNDS}; round++) {
${each((i) => `    s${i} = ${step(`s${i}`)};`)}
  }
  values[id.x] = ${Array.from({ length: CHAINS }, (_, i) => `s${i}`).join(' + ')};
}
`;

const copy = `
@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4<f32>>;
@compute @workgroup_size(${COPY_INVOCATIONS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  target_[id.x] = source[id.x];
}
`;

/** What shaders reach that do nothing but multiply and add in registers, or copy. */
export async function webgpuLimits(device: GPUDevice): Promise<DeviceLimits> {
  const shaders = [arithmetic((sum) => `fma(a, ${sum}, b)`), arithmetic((sum) => `a * ${sum} + b`)];
  const rates: number[] = [];
  for (const shader of shaders) rates.push(await arithmeticRate(device, shader));
  const copies: CopySpeed[] = [];
  for (const bytes of COPIES) copies.push(await copySpeed(device, bytes));
  return { gflops: Math.max(...rates), copies };
}

/** GFLOP/s of as many workgroups as the device wants. */
async function arithmeticRate(device: GPUDevice, code: string): Promise<number> {
  let best = 0;
  for (const workgroups of WORKGROUPS) {
    const ms = await dispatchTime(device, code, [16 * workgroups * INVOCATIONS], workgroups);
    best = Math.max(best, (workgroups * INVOCATIONS * FLOPS) / ms / 1e6);
    if (ms > LONG) break;
  }
  return best;
}

async function copySpeed(device: GPUDevice, bytes: number): Promise<CopySpeed> {
  const half = bytes / 2;
  const ms = await dispatchTime(device, copy, [half, half], half / 16 / COPY_INVOCATIONS);
  return { bytes, gbps: bytes / ms / 1e6 };
}

/** Milliseconds of a dispatch on buffers of its own. */
async function dispatchTime(
  device: GPUDevice,
  code: string,
  sizes: readonly number[],
  workgroups: number,
): Promise<number> {
  const compute = { module: device.createShaderModule({ code }), entryPoint: 'main' };
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute });
  const buffers = sizes.map((size) => device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }));
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const dispatch: Dispatch = { kind: 'dispatch', pipeline, bindGroup, workgroups: [workgroups, 1, 1] };
  try {
    return await chainTime(device, stopwatchOf(device), [dispatch]);
  } finally {
    for (const buffer of buffers) buffer.destroy();
  }
}
