import { boundBuffers, emitWgsl } from '../../compiler/codegen/wgsl/index.ts';
import { staticElements } from '../../compiler/static-shape.ts';
import type { Buffer, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { fromWords, toWords } from '../../runtime/webgpu/words.ts';

/**
 * Emits a kernel in flat form, dispatches it once on copies of the inputs and reads the outputs back. Throws what emitting
 * throws, and the first error that the device reports.
 */
export async function runKernelOnGpu(
  device: GPUDevice,
  func: TensorFunc,
  inputs: readonly TensorData[],
): Promise<readonly TensorData[]> {
  const { code, entryPoints } = emitWgsl([{ func, constants: new Set() }]);
  const entryPoint = entryPoints.get(func.name);
  if (entryPoint === undefined) throw new Error(`${func.name} is no entry point of\n${code}`);
  device.pushErrorScope('validation');
  const given = new Map(func.inputs.map(({ name }, i) => [name, inputs[i]]));
  const bound = boundBuffers(func);
  const buffers = bound.map((buffer) => upload(device, buffer, given.get(buffer.name)));
  const compute = { module: device.createShaderModule({ code }), entryPoint: entryPoint.name };
  const pipeline = device.createComputePipeline({ layout: 'auto', compute });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(...entryPoint.workgroups);
  pass.end();
  const staged = func.outputs.map((_, i) => {
    const source = buffers[bound.indexOf(func.outputs[i] as Buffer)] as GPUBuffer;
    const staging = device.createBuffer({
      size: source.size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
    return staging;
  });
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error !== null) throw new Error(`${error.message}\nof\n${code}`);
  const results = await Promise.all(func.outputs.map((output, i) => read(output, staged[i] as GPUBuffer)));
  for (const buffer of [...buffers, ...staged]) buffer.destroy();
  return results;
}

/** A binding that holds an input's elements, or at first what no kernel writes. */
function upload(device: GPUDevice, { shape }: Buffer, data: TensorData | undefined): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const size = Math.max(16, Math.ceil(staticElements(shape) / 4) * 16);
  const buffer = device.createBuffer({ size, usage });
  const words = data === undefined ? new Uint32Array(size / 4).fill(0xcdcdcdcd) : toWords(data.dtype, data.data);
  device.queue.writeBuffer(buffer, 0, words as BufferSource);
  return buffer;
}

async function read({ dtype, shape }: Buffer, staging: GPUBuffer): Promise<TensorData> {
  await staging.mapAsync(GPUMapMode.READ);
  const words = staging.getMappedRange(0, 4 * staticElements(shape)).slice(0);
  return { dtype, shape: shape as readonly number[], data: fromWords(dtype, words) };
}
