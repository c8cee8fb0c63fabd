import { ScheduleError, UnsupportedError } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { asDecided, byRule, type Decide, decisionsOf } from '../../schedules/decision.ts';
import type { Workload } from '../../schedules/space/search-space.ts';
import { webgpu, webgpuSubgroups } from '../../schedules/target/target.ts';
import { boundBuffers, emitWgsl, gridOf, hasSharedReductions } from '../codegen/wgsl/index.ts';
import {
  aliasSources,
  buildVariant,
  callsOf,
  type Kernel,
  type KernelCall,
  type KernelContext,
  type KernelSource,
  type KernelVariant,
  kernelSources,
  plainDefinition,
  sourceOf,
} from '../kernels.ts';
import { staticElements } from '../static-shape.ts';
import { narrowConstants, narrowStorage } from './narrow-storage.ts';
import { shareOperands } from './share-operands.ts';

/** The groups of a fused graph that WebGPU can compute, and the others. */
export interface WebgpuSources {
  readonly sources: readonly WebgpuSource[];
  readonly refused: readonly Refused[];
}

/** A group as WebGPU computes it: what is stored of 64-bit integers are 32, and nothing is prepared. */
export interface WebgpuSource extends KernelSource {
  /** Of each operand of the group, which is the first that is the same memory. */
  readonly operands: readonly number[];
  /** By the default schedule; the same for equal groups. */
  readonly standard: Kernel;
}

export interface Refused {
  readonly source: KernelSource;
  /** What WebGPU cannot do. */
  readonly reason: string;
}

/** Lowers, schedules and flattens every group of a fused graph for WebGPU, equal workloads once. */
export function webgpuSources(graph: Graph): WebgpuSources {
  const known = new Map<string, Omit<WebgpuSource, 'node'> | string>();
  const sources: WebgpuSource[] = [];
  const refused: Refused[] = [];
  const aliases = aliasSources(graph);
  const wide = wideValues(graph, aliases);
  for (const source of kernelSources(graph, 'auto', 0)) {
    const isWide = new Set(
      plainDefinition(source.workload)
        .inputs.filter((_, i) => wide.has(source.node.inputs[i] ?? ''))
        .map(({ name }) => name),
    );
    const operands = operandsOf(source, aliases);
    const key = keyOf(source, isWide, operands);
    const found = known.get(key) ?? sourceOrReason(source, isWide, operands);
    known.set(key, found);
    if (typeof found !== 'string') {
      sources.push({ ...found, node: source.node });
      continue;
    }
    refused.push({ source, reason: found });
    for (const { name, type } of source.node.outputs) if (type.dtype === 'i64') wide.add(name);
  }
  return { sources, refused };
}

/** The calls of a graph's groups, whose kernels are given. */
export const webgpuCalls = (
  graph: Graph,
  sources: readonly WebgpuSource[],
  kernelOf: (source: WebgpuSource) => Kernel,
): readonly KernelCall[] => callsOf(narrowConstants(graph), sources, (source) => kernelOf(source as WebgpuSource));

/** Values of i64 of which it is not known that they fit 32 bits. */
interface WideValues {
  has(value: string): boolean;
  add(value: string): void;
}

/** Constants, at first: what comes from outside is checked when it is given. */
function wideValues(graph: Graph, aliases: ReadonlyMap<string, string>): WideValues {
  const own = new Set(
    narrowConstants(graph).constants.flatMap(({ name, data }) => (data.dtype === 'i64' ? [name] : [])),
  );
  return { has: (value) => own.has(sourceOf(value, aliases)), add: (value) => own.add(value) };
}

/** Of each operand of a group, which is the first that is the same memory. */
function operandsOf({ node: { inputs } }: KernelSource, aliases: ReadonlyMap<string, string>): readonly number[] {
  const memory = inputs.map((input) => sourceOf(input, aliases));
  return memory.map((source) => memory.indexOf(source));
}

const keyOf = ({ workload, context }: KernelSource, isWide: ReadonlySet<string>, operands: readonly number[]): string =>
  [
    printTensorFunc({ ...plainDefinition(workload), name: '' }),
    `constants ${[...context.constants].join(' ')}`,
    `wide ${[...isWide].join(' ')}`,
    `operands ${operands.join(' ')}`,
  ].join('\n');

/** A group as WebGPU computes it, or what of it that cannot do. */
function sourceOrReason(
  { workload, context }: KernelSource,
  isWide: ReadonlySet<string>,
  operands: readonly number[],
): Omit<WebgpuSource, 'node'> | string {
  try {
    const { definitions, preferred } = plainly(workload);
    const narrowed = definitions.map((one) => ({ ...one, func: narrowStorage(one.func, isWide) }));
    const source = { workload: { definitions: narrowed, preferred }, context, operands };
    return { ...source, standard: buildWebgpuKernel(source) };
  } catch (error) {
    if (error instanceof UnsupportedError) return error.items.join('; ');
    throw error;
  }
}

/**
 * Throws UnsupportedError where code cannot be made of a kernel, or a phase of it binds too many buffers or keeps too much
 * in a workgroup's memory.
 */
export function checkForWebgpu({ lowered }: Pick<KernelVariant, 'lowered'>): void {
  emitWgsl(lowered.map((func) => ({ func, constants: new Set() })));
  const { storageBuffers: most = 0, workgroupBytes = 0 } = webgpu.gpu ?? {};
  for (const phase of lowered) {
    const refuse = (why: string): UnsupportedError => new UnsupportedError([`kernel ${phase.name} on WebGPU: ${why}`]);
    const count = boundBuffers(phase).length;
    if (count > most) throw refuse(`it binds ${count} buffers, and a shader may bind ${most}`);
    const kept = phase.temps.filter(({ scope }) => scope === 'workgroup');
    const bytes = kept.reduce((sum, { shape }) => sum + WORD_BYTES * staticElements(shape), 0);
    if (bytes > workgroupBytes)
      throw refuse(`it keeps ${bytes} bytes for each workgroup, and there may be ${workgroupBytes}`);
  }
}

/** What an element takes of a workgroup's memory. */
const WORD_BYTES = 4;

/**
 * The kernel of a group for WebGPU, by the schedule that `decide` chooses. Throws UnsupportedError where it cannot do that,
 * and ScheduleError for a schedule that is not legal.
 */
export function buildWebgpuKernel(
  { workload, context, operands }: Pick<WebgpuSource, 'workload' | 'context' | 'operands'>,
  decide: Decide = byRule,
): Kernel {
  const { definition, inputs, ...variant } = buildVariant(workload, { ...context, target: webgpu }, decide);
  const { name } = definition;
  const subgroups = withSubgroups(variant, workload, context);
  const kernel = { ...variant, name, tensor: definition, inputs, preparations: new Map(), relaxed: variant };
  const shared = shareOperands({ ...kernel, ...(subgroups && { subgroups }) }, operands);
  checkForWebgpu(shared);
  return shared;
}

/**
 * The phases of a kernel whose workgroups reduce rows, by the same decisions, for devices where subgroups can share that.
 * Undefined where they would not be dispatched alike.
 */
function withSubgroups(
  { trace, lowered, shared }: KernelVariant,
  workload: Workload,
  context: KernelContext,
): readonly TensorFunc[] | undefined {
  if (!lowered.some(hasSharedReductions)) return undefined;
  try {
    const decide = asDecided(decisionsOf(trace));
    const other = buildVariant(workload, { ...context, target: webgpuSubgroups }, decide);
    return printDispatches(other) === printDispatches({ lowered, shared }) ? other.lowered : undefined;
  } catch (error) {
    if (error instanceof ScheduleError) return undefined;
    throw error;
  }
}

/** What the plan says of the phases. */
const printDispatches = ({ lowered, shared }: Pick<KernelVariant, 'lowered' | 'shared'>): string =>
  JSON.stringify([shared, lowered.map((phase) => [phase.name, gridOf(phase), boundBuffers(phase)])]);

/** The definitions that need nothing to be prepared when the model is loaded. */
export function plainly({ definitions, preferred }: Workload): Workload {
  const plain = definitions.filter(({ isPrepared }) => isPrepared !== true);
  return { definitions: plain, preferred: plain.some(({ name }) => name === preferred) ? preferred : 'direct' };
}
