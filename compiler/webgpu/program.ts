import { invariant, UnsupportedError } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { files, type GpuBinding, type GpuProgram, type GpuStep } from '../../runtime/manifest.ts';
import { boundBuffers, emitWgsl, type WgslModule } from '../codegen/wgsl/index.ts';
import type { Kernel, KernelCall } from '../kernels.ts';
import { buildWebgpuKernels } from './kernels.ts';
import { type GpuLayout, layoutForGpu } from './layout.ts';

/** A fused graph as it runs on a GPU: a part of the manifest, and the files that it names. */
export interface CompiledForGpu {
  readonly program: GpuProgram;
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly calls: readonly KernelCall[];
}

/** Storage buffers that a shader may bind, by the limits that every adapter has. */
const mostBindings = 8;

/** Throws UnsupportedError for what WebGPU cannot do: 64-bit types, and kernels of too many operands. */
export function compileForGpu(graph: Graph): CompiledForGpu {
  const calls = buildWebgpuKernels(graph);
  const layout = layoutForGpu(graph, calls);
  const kernels = [...new Set(calls.map(({ kernel }) => kernel))];
  const constants = new Map(kernels.map((kernel) => [kernel, constantsOf(kernel, calls, layout)]));
  const module = emitWgsl(
    kernels.flatMap((kernel) =>
      kernel.lowered.map((func) => ({ func: checked(func), constants: constants.get(kernel) ?? new Set() })),
    ),
  );
  const program: GpuProgram = {
    shaders: files.shaders,
    kernels: [...module.entryPoints.values()].map(({ name }, i) => ({ name, end: module.ends[i + 1] ?? 0 })),
    functionsEnd: module.ends[0] ?? 0,
    weights: files.gpuWeights,
    weightsBytes: layout.weightsBytes,
    arenaBytes: layout.arenaBytes,
    constants: layout.constants,
    inputs: graph.inputs.map(({ name }) => layout.offsetOf(name)),
    outputs: graph.outputs.map(({ value }) => layout.outputOf(value)),
    plan: calls.flatMap((call) => stepsOf(call, layout, module)),
  };
  const code = new TextEncoder().encode(module.code);
  return { program, files: { [files.shaders]: code, [files.gpuWeights]: layout.weights }, calls };
}

function checked(func: TensorFunc): TensorFunc {
  const count = boundBuffers(func).length;
  if (count <= mostBindings) return func;
  throw new UnsupportedError([
    `kernel ${func.name} on WebGPU: it binds ${count} buffers, and a shader may bind ${mostBindings}`,
  ]);
}

/** The inputs of a kernel that every call takes from the weights. */
function constantsOf(kernel: Kernel, calls: readonly KernelCall[], layout: GpuLayout): ReadonlySet<string> {
  const own = calls.filter((call) => call.kernel === kernel);
  const names = kernel.operands.inputs.filter((buffer, i) =>
    own.every(({ inputs }) => {
      const operand = inputs[i];
      return operand !== undefined && layout.binding(operand, buffer).buffer === 'weights';
    }),
  );
  return new Set(names.map(({ name }) => name));
}

/** The dispatches that a call becomes: one a phase of its kernel. */
function stepsOf(call: KernelCall, layout: GpuLayout, module: WgslModule): readonly GpuStep[] {
  const { kernel, node } = call;
  const places = layout.workspaces(call);
  const known = new Map<string, GpuBinding>();
  const workspace = (name: string, bytes: number, at: number): void => {
    const offset = places[at];
    invariant(offset !== undefined, `workspace ${name} of ${node.name} has a place`);
    known.set(name, { buffer: 'arena', offset, bytes });
  };
  for (const [i, buffer] of kernel.operands.inputs.entries())
    known.set(buffer.name, layout.binding(call.inputs[i] ?? '', buffer));
  for (const [i, buffer] of kernel.operands.outputs.entries())
    known.set(buffer.name, layout.binding(node.outputs[i]?.name ?? '', buffer));
  for (const [at, buffer] of kernel.shared.entries()) workspace(buffer.name, layout.bytesOf(buffer), at);
  let used = kernel.shared.length;
  return kernel.lowered.map((phase): GpuStep => {
    const entryPoint = module.entryPoints.get(phase.name);
    invariant(entryPoint !== undefined, `${phase.name} is an entry point`);
    for (const temp of phase.temps) if (temp.scope === 'global') workspace(temp.name, layout.bytesOf(temp), used++);
    const bindings = boundBuffers(phase).map(({ name }) => known.get(name) as GpuBinding);
    return { kernel: entryPoint.name, node: node.name, workgroups: entryPoint.workgroups, bindings };
  });
}
