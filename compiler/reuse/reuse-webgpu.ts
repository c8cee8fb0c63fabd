import { asDecided } from '../../schedules/decision.ts';
import { webgpu } from '../../schedules/target/target.ts';
import type { Kernel } from '../kernels.ts';
import type { DeviceProfile } from '../tune/device.ts';
import { priorFor } from '../tune/prior.ts';
import { buildWebgpuKernel, type WebgpuSource } from '../webgpu/kernels.ts';
import { bestOf, equalWorkloads, type KernelBuilder, type Reused } from './choose-schedule.ts';
import type { ReuseOptions } from './reuse.ts';

const forWebgpu: KernelBuilder<WebgpuSource> = {
  standard: ({ standard }) => standard,
  build: (source, _, decisions) => buildWebgpuKernel(source, asDecided(decisions)),
};

/** No device that any record is of. */
const anyGpu: DeviceProfile = {
  device: { class: '', fingerprint: '' },
  engine: { name: '', version: '' },
  features: ['webgpu'],
};

/**
 * The kernels of groups that WebGPU computes, with what a tuning database knows of their workloads or of near ones, as
 * `reuseKernels` has them. Throws a CompilerError where the database cannot be read.
 */
export async function reuseWebgpuKernels(
  sources: readonly WebgpuSource[],
  { store, adapterProfile = anyGpu }: Pick<ReuseOptions, 'store' | 'adapterProfile'>,
): Promise<{ readonly kernelOf: (source: WebgpuSource) => Kernel; readonly reused: readonly Reused[] }> {
  const prior = await priorFor(webgpu);
  const kernels = new Map<WebgpuSource, Kernel>();
  const reused: Reused[] = [];
  for (const group of equalWorkloads(sources, ({ operands }) => operands.join(' '))) {
    const found = await bestOf(group, { store, profile: adapterProfile, prior, allows: () => true }, forWebgpu);
    for (const call of group.calls) kernels.set(call, found.kernel);
    reused.push(found);
  }
  return { kernelOf: (source) => kernels.get(source) ?? source.standard, reused };
}
