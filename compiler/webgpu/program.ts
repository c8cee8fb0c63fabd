import type { DType } from '../../ir/dtype.ts';
import { invariant, UnsupportedError } from '../../ir/errors.ts';
import { valueTypes } from '../../ir/graph/edit.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import {
  type HostStep,
  type ShadersFile,
  type ValuePlaces,
  type WebgpuBinding,
  type WebgpuProgram,
  type WebgpuStep,
} from '../../runtime/manifest.ts';
import type { GpuFeature } from '../../runtime/webgpu/api.ts';
import { webgpu } from '../../schedules/target/target.ts';
import type { Layout } from '../artifact/layout.ts';
import type { WebgpuWeights } from '../artifact/weights.ts';
import {
  boundBuffers,
  emitVariants,
  type WgslKernel,
  type WgslModule,
  type WgslVariant,
} from '../codegen/wgsl/index.ts';
import { optimizeGraph, passesForWebgpu } from '../graph-passes/index.ts';
import { aliasSources, type Kernel, type KernelCall, sourceOf } from '../kernels.ts';
import type { Reused } from '../reuse/choose-schedule.ts';
import type { ReuseOptions } from '../reuse/reuse.ts';
import { reuseWebgpuKernels } from '../reuse/reuse-webgpu.ts';
import { staticElements } from '../static-shape.ts';
import { buildHostKernels, describeHost, emitHostKernels, hostKernels, hostSteps } from './host.ts';
import { type Refused, webgpuCalls, webgpuSources } from './kernels.ts';
import { layoutForWebgpu, type WebgpuLayout, webgpuConstants } from './layout.ts';
import { limitsOf } from './limits.ts';
import { narrowConstants } from './narrow-storage.ts';
import { type Part, partsOf } from './parts.ts';
import { type SharedKernels, shareKernels } from './share-kernels.ts';

/** The file of the code for devices with some features: `kernels.wgsl` is for all. */
const fileOf = ({ requires }: WgslVariant): string =>
  ['kernels', ...requires.map((name) => fileNames[name]), 'wgsl'].join('.');

const fileNames: Readonly<Record<GpuFeature, string>> = {
  'shader-f16': 'f16',
  subgroups: 'subgroups',
  packed_4x8_integer_dot_product: 'dot4',
};

/** A graph as it will run on a GPU, and in part on the processor: its kernels, before anything has a place. */
export interface ScheduledForWebgpu {
  readonly fused: Graph;
  readonly device: Part;
  readonly calls: readonly KernelCall[];
  /** What a GPU reads of the constants, by what operands call it. */
  readonly constants: ReadonlyMap<string | TensorData, TensorData>;
  readonly host?: HostPart;
  /** Where the schedule of each kernel is from, if there was a tuning database. */
  readonly reused?: readonly Reused[];
}

export interface HostPart extends Part {
  readonly calls: readonly KernelCall[];
  readonly refused: readonly Refused[];
}

/** A graph as it runs on a GPU: a part of the manifest, and the files that it names, but for the weights. */
export interface CompiledForWebgpu {
  readonly program: WebgpuProgram;
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly calls: readonly KernelCall[];
  readonly reused?: readonly Reused[];
}

/**
 * From a graph with static shapes to kernels for WebGPU; the processor runs those that it cannot do, where `fallsBack` says
 * so. Throws UnsupportedError, with all of them, where there may be none: 64-bit types, and kernels of too many operands.
 */
export async function scheduleForWebgpu(
  graph: Graph,
  fallsBack: boolean,
  reuse?: ReuseOptions,
): Promise<ScheduledForWebgpu> {
  const { gpu } = webgpu;
  invariant(gpu !== undefined, 'the target is a GPU');
  const fused = optimizeGraph(graph, undefined, passesForWebgpu(gpu));
  const { sources, refused } = webgpuSources(fused);
  const known = reuse && (await reuseWebgpuKernels(sources, reuse));
  const calls = webgpuCalls(fused, sources, known?.kernelOf ?? (({ standard }) => standard));
  const narrowed = narrowConstants(fused);
  const types = valueTypes(narrowed);
  const computed = new Set(fused.nodes.flatMap((node) => node.outputs.map(({ name }) => name)));
  const isForHost = (value: string): boolean => {
    const dtype = types.get(value)?.dtype ?? 'f32';
    return (
      isWide(dtype) || (dtype === 'i64' && !computed.has(value) && !fused.inputs.some(({ name }) => name === value))
    );
  };
  const { device, host } = partsOf(fused, new Set(refused.map(({ source }) => source.node.name)), isForHost);
  if (!fallsBack) refuse(refused, host.graph);
  const onDevice = { ...device, graph: narrowConstants(device.graph) };
  const hostPart = { ...host, refused, calls: buildHostKernels(fused, refused) };
  const isMixed = refused.length > 0 || host.graph.outputs.length > 0;
  const constants = webgpuConstants(onDevice.graph, calls);
  return {
    fused,
    device: onDevice,
    calls,
    constants,
    ...(isMixed && { host: hostPart }),
    ...(known && { reused: known.reused }),
  };
}

/** What a GPU does not hold; an i64 it holds in 32 bits. */
const isWide = (dtype: DType): boolean => dtype === 'f64' || dtype === 'u64';

function refuse(refused: readonly Refused[], { outputs }: Graph): void {
  const items = [
    ...refused.map(({ reason }) => reason),
    ...(refused.length > 0 ? [] : outputs.map(({ value }) => `output ${value} on WebGPU: it has no 64-bit types`)),
  ];
  if (items.length > 0) throw new UnsupportedError([...new Set(items)]);
}

/** Where the constants of a program stand in files, and the memory of what runs on the processor. */
export interface ProgramLayouts {
  readonly weights: WebgpuWeights;
  readonly host: Layout | undefined;
}

/** The code and the plan of a graph that was scheduled for a GPU. */
export async function compileForWebgpu(
  { fused, device, calls, constants, host }: ScheduledForWebgpu,
  layouts: ProgramLayouts,
): Promise<CompiledForWebgpu> {
  const layout = layoutForWebgpu(device.graph, calls, constants, layouts.weights);
  const kernels = [...new Set(calls.map(({ kernel }) => kernel))];
  const readOnly = new Map(kernels.map((kernel) => [kernel, constantsOf(kernel, calls, layout)]));
  const shared = shareKernels(
    kernels.flatMap((kernel) =>
      kernel.lowered.map((func, i): WgslKernel => {
        const subgroups = kernel.subgroups?.[i];
        return { func, ...(subgroups && { subgroups }), constants: readOnly.get(kernel) ?? new Set() };
      }),
    ),
  );
  const variants = emitVariants(shared.kernels);
  const module = (variants.at(-1) as WgslVariant).module;
  const aliases = aliasSources(fused);
  const plan = planOf({ fused, device, calls, ...(host && { host }) }, layout, layouts.host, { ...module, ...shared });
  const program: WebgpuProgram = {
    shaders: variants.map(describeShaders),
    limits: limitsOf(
      kernels.flatMap(({ lowered, subgroups = [] }) => [...lowered, ...subgroups]),
      module,
      layout.buffers,
      plan,
    ),
    buffers: layout.buffers,
    constants: layout.constants,
    inputs: fused.inputs.map(({ name }) => placesOf(name, layout, host, layouts.host)),
    outputs: fused.outputs.map(({ value }) => outputPlace(sourceOf(value, aliases), device, layout, layouts.host)),
    plan,
    ...(host && layouts.host && { host: describeHost(layouts.host, host.calls, host.refused) }),
  };
  const code = {
    ...Object.fromEntries(variants.map((one) => [fileOf(one), new TextEncoder().encode(one.module.code)])),
    ...(host && { [hostKernels]: await emitHostKernels(host.calls) }),
  };
  return { program, files: code, calls };
}

function describeShaders(variant: WgslVariant): ShadersFile {
  const { ends, entryPoints } = variant.module;
  return {
    file: fileOf(variant),
    requires: variant.requires,
    functionsEnd: ends[0] ?? 0,
    kernels: [...entryPoints.values()].map(({ name }, i) => ({ name, end: ends[i + 1] ?? 0 })),
  };
}

/** Where an input goes: to whom reads it. */
function placesOf(
  value: string,
  layout: WebgpuLayout,
  host: Part | undefined,
  inMemory: Layout | undefined,
): ValuePlaces {
  const gpu = layout.placeOf(value);
  const isRead = host?.graph.inputs.some(({ name }) => name === value);
  return { ...(gpu && { gpu }), ...(isRead && inMemory && { host: inMemory.address(value) }) };
}

/** Where an output is taken from: what one part computes may have a place in the other as well, but not until the end. */
function outputPlace(
  value: string,
  { leaving }: Part,
  layout: WebgpuLayout,
  inMemory: Layout | undefined,
): ValuePlaces {
  const gpu = leaving.has(value) ? layout.placeOf(value) : undefined;
  if (gpu !== undefined) return { gpu };
  invariant(inMemory !== undefined, `output ${value} has a place`);
  return { host: inMemory.address(value) };
}

/** The entry points of kernels, some of which run the code of others. */
type Code = Pick<WgslModule, 'entryPoints'> & Pick<SharedKernels, 'runs'>;

/** The steps of a run: those of the host in groups, so that copies are made for a group. */
function planOf(
  { fused, device, calls, host }: Pick<ScheduledForWebgpu, 'fused' | 'device' | 'calls' | 'host'>,
  layout: WebgpuLayout,
  inMemory: Layout | undefined,
  code: Code,
): WebgpuProgram['plan'] {
  const onDevice = new Map(calls.map((call) => [call.node, call]));
  const onHost = new Map(host?.calls.map((call) => [call.node, call]));
  const stepOfHost = host && inMemory && hostSteps({ host, device }, inMemory, layout);
  const plan: (WebgpuStep | HostStep)[] = [];
  let group: KernelCall[] = [];
  const close = (): void => {
    if (group.length > 0 && stepOfHost !== undefined) plan.push(stepOfHost(group));
    group = [];
  };
  for (const node of fused.nodes) {
    const [gpuCall, hostCall] = [onDevice.get(node as KernelCall['node']), onHost.get(node as KernelCall['node'])];
    if (hostCall !== undefined) group.push(hostCall);
    const steps = gpuCall === undefined || isEmpty(gpuCall) ? [] : dispatchesOf(gpuCall, layout, code);
    if (steps.length === 0) continue;
    close();
    plan.push(...steps);
  }
  close();
  return plan;
}

/** Whether a call computes nothing. */
const isEmpty = ({ node }: KernelCall): boolean => node.outputs.every(({ type }) => staticElements(type.shape) === 0);

/** The inputs of a kernel that every call takes from the weights. */
function constantsOf(kernel: Kernel, calls: readonly KernelCall[], layout: WebgpuLayout): ReadonlySet<string> {
  const own = calls.filter((call) => call.kernel === kernel);
  const names = kernel.operands.inputs.filter((buffer, i) =>
    own.every(({ inputs }) => {
      const operand = inputs[i];
      return operand !== undefined && layout.buffers[layout.binding(operand, buffer).buffer]?.role === 'weights';
    }),
  );
  return new Set(names.map(({ name }) => name));
}

/** The dispatches that a call becomes: one a phase of its kernel. */
function dispatchesOf(call: KernelCall, layout: WebgpuLayout, code: Code): readonly WebgpuStep[] {
  const { kernel, node } = call;
  const known = new Map<string, WebgpuBinding>();
  for (const [i, buffer] of kernel.operands.inputs.entries())
    known.set(buffer.name, layout.binding(call.inputs[i] ?? '', buffer));
  for (const [i, buffer] of kernel.operands.outputs.entries())
    known.set(buffer.name, layout.binding(node.outputs[i]?.name ?? '', buffer));
  for (const [at, buffer] of kernel.shared.entries()) known.set(buffer.name, layout.workspaces(call, buffer, at));
  let used = kernel.shared.length;
  return kernel.lowered.map((phase): WebgpuStep => {
    const entryPoint = code.entryPoints.get(code.runs.get(phase.name) ?? '');
    invariant(entryPoint !== undefined, `${phase.name} is an entry point`);
    for (const temp of phase.temps)
      if (temp.scope === 'global') known.set(temp.name, layout.workspaces(call, temp, used++));
    const bindings = boundBuffers(phase).map(({ name }) => known.get(name) as WebgpuBinding);
    return { kind: 'dispatch', kernel: entryPoint.name, node: node.name, workgroups: entryPoint.workgroups, bindings };
  });
}
