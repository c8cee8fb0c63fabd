import { boundBuffers, emitWgsl } from '../../compiler/codegen/wgsl/index.ts';
import type { BuiltVariant } from '../../compiler/kernels.ts';
import { staticElements } from '../../compiler/static-shape.ts';
import type { Buffer, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { fromWords, toWords } from '../../runtime/webgpu/words.ts';

/**
 * Emits a kernel in flat form, dispatches it once on copies of the inputs and reads the outputs back. Throws what emitting
 * throws, and the first error that the device reports.
 */
export const runKernelOnGpu = (
  device: GPUDevice,
  func: TensorFunc,
  inputs: readonly TensorData[],
): Promise<readonly TensorData[]> => runPhasesOnGpu(device, { lowered: [func], operands: func }, inputs);

/** The same of a kernel of several phases, one after the other. */
export async function runPhasesOnGpu(
  device: GPUDevice,
  { lowered, operands }: Pick<BuiltVariant, 'lowered' | 'operands'>,
  inputs: readonly TensorData[],
): Promise<readonly TensorData[]> {
  const { code, entryPoints } = emitWgsl(lowered.map((func) => ({ func, constants: new Set() })));
  device.pushErrorScope('validation');
  const given = new Map(operands.inputs.map(({ name }, i) => [name, inputs[i]]));
  const buffers = new Map<string, GPUBuffer>();
  const bufferOf = (buffer: Buffer): GPUBuffer => {
    const known = buffers.get(buffer.name) ?? upload(device, buffer, given.get(buffer.name));
    buffers.set(buffer.name, known);
    return known;
  };
  const module = device.createShaderModule({ code });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const func of lowered) {
    const entryPoint = entryPoints.get(func.name);
    if (entryPoint === undefined) throw new Error(`${func.name} is no entry point of\n${code}`);
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: entryPoint.name } });
    const entries = boundBuffers(func).map((buffer, binding) => ({ binding, resource: { buffer: bufferOf(buffer) } }));
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(...entryPoint.workgroups);
  }
  pass.end();
  const staged = operands.outputs.map((output) => {
    const source = bufferOf(output);
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
  const results = await Promise.all(operands.outputs.map((output, i) => read(output, staged[i] as GPUBuffer)));
  for (const buffer of [...buffers.values(), ...staged]) buffer.destroy();
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
