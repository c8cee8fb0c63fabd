import { gridOf } from '../../../compiler/codegen/wgsl/grid.ts';
import { boundBuffers } from '../../../compiler/codegen/wgsl/index.ts';
import { compareTensors, describeDifference } from '../../../compiler/io/compare.ts';
import { splitPhases } from '../../../compiler/phases.ts';
import { lowerForWebgpu } from '../../../compiler/tensor-passes/index.ts';
import type { DType } from '../../../ir/dtype.ts';
import { ScheduleError, UnsupportedError } from '../../../ir/errors.ts';
import { bindFunc } from '../../../ir/graph/bind-func.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { rewrite } from '../../../ir/tensor/visit.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { webgpu } from '../../../schedules/target/target.ts';
import { replay } from '../../../schedules/trace.ts';
import type { GraphCase } from '../../generators/graph.ts';
import { runPhasesOnGpu } from '../../webgpu/run-kernel.ts';
import { runOnGpu } from '../../webgpu/run-program.ts';
import { compare, dataOf, type Machine } from './scheduled-case.ts';

/** What WebGPU computes with. */
export const dtypesOfWebgpu: readonly DType[] = ['f32', 'f32', 'f32', 'i32', 'u8', 'f16', 'bool', 'i8', 'u32'];

/** Drivers add up in another order. */
const ROUNDING = 1e-3;

/** Threads are the processor's. */
const withoutThreads = (func: TensorFunc): TensorFunc => ({
  ...func,
  body: rewrite(func.body, {
    stmt: (stmt) => (stmt.kind === 'for' && stmt.loopKind === 'parallel' ? { ...stmt, loopKind: 'serial' } : stmt),
  }),
});

/** Whether a device binds so many buffers, and has so large workgroups. */
function isWithin({ limits }: GPUDevice, func: TensorFunc): boolean {
  const [x, y, z] = gridOf(func).workgroupSize;
  return (
    boundBuffers(func).length <= limits.maxStorageBuffersPerShaderStage &&
    x * y * z <= limits.maxComputeInvocationsPerWorkgroup &&
    z <= limits.maxComputeWorkgroupSizeZ
  );
}

/**
 * The scheduled function must compute on a device what it does in the interpreter, where it can be run there: not where
 * the compiler refuses it, or it is beyond the limits of the device.
 */
export const webgpuMachine = (device: GPUDevice): Machine => ({
  target: webgpu,
  differenceAfter: async (case_, trace) => {
    const { sizes, inputs } = dataOf(case_);
    const scheduled = withoutThreads(bindFunc(replay(case_.func, trace), sizes));
    const expected = interpretFunc(scheduled, inputs);
    try {
      const lowered = splitPhases(scheduled).funcs.map((phase) => lowerForWebgpu(phase));
      if (!lowered.every((phase) => isWithin(device, phase))) return undefined;
      const actual = await runPhasesOnGpu(device, { lowered, operands: scheduled }, inputs);
      return compare('on WebGPU', actual, expected, ROUNDING);
    } catch (error) {
      if (error instanceof UnsupportedError || error instanceof ScheduleError) return undefined;
      throw error;
    }
  },
});

/** How a compiled graph's results on a device, or on the processor where that cannot, differ from the interpreted ones. */
export async function graphDifferenceOnGpu(
  device: GPUDevice,
  { graph, inputs }: GraphCase,
): Promise<string | undefined> {
  const expected = interpretGraph(graph, inputs);
  const actual = await runOnGpu(device, graph, inputs, ['wasm', 'webgpu']);
  for (const [name, tensor] of Object.entries(expected)) {
    const difference = compareTensors(actual[name] as TensorData, tensor, { rtol: 1e-2, atol: 1e-3 });
    if (difference.wrong > 0) return `output ${name}: ${describeDifference(difference)}`;
  }
  return undefined;
}
