import { invariant } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';
import type { GpuPlace } from '../../runtime/manifest.ts';
import { fromWords, gpuBytes, toWords } from '../../runtime/webgpu/words.ts';
import { webgpu } from '../../schedules/target/target.ts';
import { boundBuffers } from '../codegen/wgsl/index.ts';
import { optimizeGraph, passesForWebgpu } from '../graph-passes/index.ts';
import { aliasSources, type KernelCall, sourceOf } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';
import { encodeDispatch, openWebgpuSteps, type PlannedDispatch, type WebgpuSteps } from '../stepwise/webgpu.ts';
import type { DiffDevice } from './device.ts';

export interface CompiledGraph {
  /** As it was given to the compiler. */
  readonly graph: Graph;
  readonly files: ArtifactFiles;
  /** What the GPU runs. */
  readonly calls: readonly KernelCall[];
}

/** A model that was compiled for WebGPU: the artifact's own shaders, constants and places in buffers. */
export async function webgpuDevice({ graph, files, calls }: CompiledGraph, device: GPUDevice): Promise<DiffDevice> {
  const { gpu } = webgpu;
  invariant(gpu !== undefined, 'the target is a GPU');
  const fused = optimizeGraph(graph, undefined, passesForWebgpu(gpu));
  const model = await openWebgpuSteps(files, device);
  const dispatches = Map.groupBy(model.dispatches, ({ step }) => step.node);
  const places = placesOf(model, calls, dispatches);
  const aliases = aliasSources(fused);
  const placeOf = (value: string) => {
    const place = places.get(sourceOf(value, aliases));
    return place && { offset: place.offset, buffer: model.buffers[place.buffer] as GPUBuffer };
  };
  return {
    name: 'webgpu',
    fused,
    runs: ({ name }) => dispatches.has(name),
    write: (value, { dtype, data }) => {
      const place = placeOf(value);
      if (place !== undefined)
        device.queue.writeBuffer(place.buffer, place.offset, toWords(dtype, data, model.halves) as BufferSource);
    },
    run: async ({ name }) => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (const dispatch of dispatches.get(name) ?? []) encodeDispatch(pass, dispatch);
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
    read: async (value, { dtype, shape }) => {
      const place = placeOf(value);
      invariant(place !== undefined, `${value} stands on the GPU`);
      const elements = staticElements(shape);
      const words = await readWords(device, place, gpuBytes(dtype, elements, model.halves));
      return { dtype, shape: shape as readonly number[], data: fromWords(dtype, words, model.halves, elements) };
    },
    sources: async ({ name }) =>
      [...new Set((dispatches.get(name) ?? []).map(({ step }) => step.kernel))].map((kernel) => ({
        kernel,
        language: 'wgsl',
        ...sourceOfKernel(model, kernel),
      })),
    close: async () => {
      for (const buffer of model.buffers) buffer.destroy();
    },
  };
}

/** Where values stand, as the dispatches of the calls bind them. */
function placesOf(
  { manifest, program }: WebgpuSteps,
  calls: readonly KernelCall[],
  dispatches: ReadonlyMap<string, readonly PlannedDispatch[]>,
): ReadonlyMap<string, GpuPlace> {
  const places = new Map<string, GpuPlace>();
  for (const [i, { name }] of manifest.inputs.entries()) {
    const place = program.inputs[i]?.gpu;
    if (place !== undefined) places.set(name, place);
  }
  for (const { node, kernel, inputs } of calls) {
    const values = new Map<string, string>();
    for (const [i, { name }] of kernel.operands.inputs.entries()) {
      const operand = inputs[i];
      if (typeof operand === 'string') values.set(name, operand);
    }
    for (const [i, { name }] of kernel.operands.outputs.entries()) values.set(name, node.outputs[i]?.name ?? '');
    for (const [phase, { step }] of (dispatches.get(node.name) ?? []).entries()) {
      const lowered = kernel.lowered[phase];
      for (const [i, { name }] of (lowered ? boundBuffers(lowered) : []).entries()) {
        const [value, binding] = [values.get(name), step.bindings[i]];
        if (value !== undefined && binding !== undefined) places.set(value, binding);
      }
    }
  }
  return places;
}

async function readWords(
  device: GPUDevice,
  { buffer, offset }: { readonly buffer: GPUBuffer; readonly offset: number },
  bytes: number,
): Promise<ArrayBuffer> {
  const size = Math.max(4, bytes);
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const words = staging.getMappedRange().slice(0, bytes);
  staging.destroy();
  return words;
}

/** As the device compiles it: the functions that all kernels may call come first. */
function sourceOfKernel({ kernels }: WebgpuSteps, kernel: string): { readonly text: string; readonly start: number } {
  const { code: text, start } = kernels.get(kernel) ?? { code: '', start: 0 };
  return { text, start };
}
