import { compile, type TargetName } from '../../compiler/pipeline.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { load } from '../../runtime/load.ts';
import type { GpuFeature } from '../../runtime/webgpu/api.ts';
import { webgpu } from '../../runtime/webgpu/index.ts';

export type Tensors = Readonly<Record<string, TensorData>>;

/** What a graph computes on a device, with the features that it may use, or all. Throws what compiling throws, and the first error that the device reports. */
export async function runOnGpu(
  device: GPUDevice,
  graph: Graph,
  inputs: Tensors,
  targets: readonly TargetName[] = ['webgpu'],
  features?: readonly GpuFeature[],
): Promise<Tensors> {
  const { files } = await compile(graph, { targets });
  device.pushErrorScope('validation');
  const model = await load(files, { device: webgpu({ device, ...(features && { features }) }) });
  const outputs = await model.run(inputs);
  const error = await device.popErrorScope();
  if (error !== null) throw new Error(error.message);
  model.dispose();
  return outputs;
}
