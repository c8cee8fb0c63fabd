import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { GpuBuffer, WebgpuProgram } from '../../runtime/manifest.ts';
import { boundBuffers, type WgslModule } from '../codegen/wgsl/index.ts';
import { staticElements } from '../static-shape.ts';

/** What a program needs of a device, by the names of WebGPU's limits. */
export function limitsOf(
  kernels: readonly TensorFunc[],
  { entryPoints }: WgslModule,
  buffers: readonly GpuBuffer[],
  plan: WebgpuProgram['plan'],
): WebgpuProgram['limits'] {
  const sizes = [...entryPoints.values()].map(({ workgroupSize }) => workgroupSize);
  const dispatches = plan.filter((step) => step.kind === 'dispatch');
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 1);
  return {
    maxBufferSize: most(buffers.map(({ bytes }) => bytes)),
    maxStorageBufferBindingSize: most(dispatches.flatMap(({ bindings }) => bindings.map(({ bytes }) => bytes))),
    maxStorageBuffersPerShaderStage: most(kernels.map((func) => boundBuffers(func).length)),
    maxComputeInvocationsPerWorkgroup: most(sizes.map(([x, y, z]) => x * y * z)),
    maxComputeWorkgroupSizeX: most(sizes.map(([x]) => x)),
    maxComputeWorkgroupSizeY: most(sizes.map(([, y]) => y)),
    maxComputeWorkgroupSizeZ: most(sizes.map(([, , z]) => z)),
    maxComputeWorkgroupStorageSize: most(kernels.map(sharedBytes)),
    maxComputeWorkgroupsPerDimension: most(dispatches.flatMap(({ workgroups }) => workgroups)),
  };
}

const sharedBytes = ({ temps }: TensorFunc): number =>
  temps
    .filter(({ scope }) => scope === 'workgroup')
    .reduce((sum, { shape }) => sum + Math.ceil(staticElements(shape) / 4) * 16, 0);
