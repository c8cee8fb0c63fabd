import { invariant } from '../ir/errors.ts';
import type { Graph, Node, NodeOf } from '../ir/graph/graph.ts';
import type { Buffer, TensorFunc } from '../ir/tensor/tensor-func.ts';
import { bytesOf, type TensorData } from '../ir/tensor-data.ts';
import { printTensorFunc } from '../ir/text/print-tensor.ts';
import { asDecided, byRule, type Decide, decisionsOf } from '../schedules/decision.ts';
import type { ParallelAxis, SpaceContext } from '../schedules/space/context.ts';
import { type Scheduled, scheduleWorkload, type Workload } from '../schedules/space/search-space.ts';
import { type Target, wasmRelaxedSimd, wasmSimd } from '../schedules/target/target.ts';
import type { Trace } from '../schedules/trace.ts';
import { chooseDefinitions } from './choose-definitions.ts';
import { type HoistedInput, hoistConstants, pack } from './hoist-constants.ts';
import { workloadOf } from './lower/workload.ts';
import { lowerOnce } from './lower-once.ts';
import { splitPhases } from './phases.ts';
import { isDivisible } from './tensor-passes/divide-parallel.ts';
import { lowerForWebgpu } from './tensor-passes/index.ts';

/** A kernel as it is scheduled for one target. */
export interface KernelVariant {
  readonly trace: Trace;
  readonly scheduled: TensorFunc;
  /** The flat form of each phase, in the order in which they run. */
  readonly lowered: readonly TensorFunc[];
  /** The workspaces that one phase leaves for another. */
  readonly shared: readonly Buffer[];
}

/** One kernel in all the forms it went through; calls of equal workloads share it. */
export interface Kernel extends KernelVariant {
  readonly name: string;
  /** What it computes, in the definition that the schedule chose. */
  readonly tensor: TensorFunc;
  readonly inputs: readonly HoistedInput[];
  /** What is run when an artifact is loaded, in flat form: for the inputs that are prepared, by their positions. */
  readonly preparations: ReadonlyMap<number, TensorFunc>;
  /** What the phases call the kernel's inputs and outputs. */
  readonly operands: Pick<TensorFunc, 'inputs' | 'outputs'>;
  /** The same for engines with relaxed SIMD: with the same operands, and the same workspaces. */
  readonly relaxed: KernelVariant;
  /** Of a kernel for GPUs: its phases for devices with subgroups, where they are others. They are dispatched alike. */
  readonly subgroups?: readonly TensorFunc[];
}

/** All functions of a kernel in flat form, in the order in which they run: what is prepared, then its phases. */
export const flatForms = ({
  preparations,
  lowered,
}: Pick<Kernel, 'preparations' | 'lowered'>): readonly TensorFunc[] => [...preparations.values(), ...lowered];

/** A call of a kernel. */
export interface KernelCall {
  readonly node: NodeOf<'fused'>;
  readonly kernel: Kernel;
  readonly inputs: readonly Operand[];
}

/** A value of the graph, a constant that was packed for the kernel, or what is made of a constant when it is loaded. */
export type Operand = string | TensorData | Prepared;

export interface Prepared {
  /** In flat form, from the constant to the operand. */
  readonly preparation: TensorFunc;
  readonly constant: string | TensorData;
}

export const isPrepared = (operand: Operand): operand is Prepared =>
  typeof operand !== 'string' && 'preparation' in operand;

/** What the schedule of a kernel depends on beside its workload and its target. */
export type KernelContext = Omit<SpaceContext, 'target'>;

/** A group of a fused graph, and what its kernel is made from. */
export interface KernelSource {
  readonly node: NodeOf<'fused'>;
  readonly workload: Workload;
  readonly context: KernelContext;
}

/**
 * What may be added to the weights, as a part of them, by preparing them for faster algorithms: memory stays within one
 * and a half times the weights beside activations, with some of it left for workspaces.
 */
const defaultGrowth = 0.4;

/** Lowers, schedules and flattens every group of a fused graph, equal workloads once. */
export function buildKernels(graph: Graph, parallel?: ParallelAxis, growth?: number): readonly KernelCall[] {
  const known = new Map<string, Kernel>();
  return callsOf(graph, kernelSources(graph, parallel, growth), ({ workload, context }) => {
    const func = plainDefinition(workload);
    const key = `${printTensorFunc({ ...func, name: '' })}constants ${[...context.constants].join(' ')} ${workload.preferred}`;
    const kernel = known.get(key) ?? buildKernel(workload, context);
    known.set(key, kernel);
    return kernel;
  });
}

/** The calls of a fused graph's groups, whose kernels are given. */
export function callsOf(
  graph: Graph,
  sources: readonly KernelSource[],
  kernelOf: (source: KernelSource) => Kernel,
): readonly KernelCall[] {
  const constants = constantsOf(graph);
  return sources.map((source) => {
    const [{ node }, kernel] = [source, kernelOf(source)];
    return { node, kernel, inputs: kernel.inputs.map((_, i) => operand(node, kernel, i, constants)) };
  });
}

/** Lowers every group of a fused graph that becomes a kernel, and chooses among its definitions. */
export function kernelSources(graph: Graph, parallel: ParallelAxis = 'auto', growth?: number): readonly KernelSource[] {
  const constants = constantsOf(graph);
  const nodes = graph.nodes.filter(isKernel);
  const workloads = chooseDefinitions(
    nodes.map((node) => workloadOf(node, (input) => constants.has(input))),
    growthOf(graph, growth),
  );
  return nodes.map((node, i) => {
    const workload = workloads[i] as Workload;
    const { inputs } = plainDefinition(workload);
    const fixed = inputs.filter((_, i) => constants.has(node.inputs[i] as string)).map((input) => input.name);
    return { node, workload, context: { constants: new Set(fixed), parallel } };
  });
}

/** By how many bytes the weights of a graph may grow for faster algorithms: by this part of them. */
export const growthOf = ({ constants }: Graph, growth = defaultGrowth): number =>
  growth * constants.reduce((sum, { data }) => sum + bytesOf(data.data).length, 0);

/** By whose text equal workloads are known. */
export function plainDefinition({ definitions: [plain] }: Workload): TensorFunc {
  invariant(plain !== undefined, 'a workload has a definition');
  return plain.func;
}

const constantsOf = (graph: Graph): ReadonlyMap<string, TensorData> =>
  new Map(graph.constants.map((constant) => [constant.name, constant.data]));

/** A reshape alone moves no element: the memory plan gives its result the place of its operand. */
export const isAlias = (node: Node): boolean =>
  node.op === 'fused' && node.attrs.body.nodes.length === 1 && node.attrs.body.nodes[0]?.op === 'reshape';

/** What each result of a reshape alone, which no kernel writes, is the same memory as. */
export const aliasSources = (graph: Graph): ReadonlyMap<string, string> =>
  new Map(
    graph.nodes.filter(isAlias).map((node) => {
      const [source, result] = [node.inputs[0], node.outputs[0]?.name];
      invariant(source !== undefined && result !== undefined, `reshape ${node.name} has an operand and a result`);
      return [result, source];
    }),
  );

/** The value whose memory a value is. */
export function sourceOf(value: string, sources: ReadonlyMap<string, string>): string {
  const source = sources.get(value);
  return source === undefined ? value : sourceOf(source, sources);
}

function isKernel(node: Node): node is NodeOf<'fused'> {
  invariant(node.op === 'fused', `node ${node.name} was left out of fusion`);
  return !isAlias(node);
}

/** The target that a kernel is scheduled for in full, and how. */
export interface Decided {
  readonly target: Target;
  readonly decide: Decide;
}

/**
 * The kernel of a workload by the default schedule, or for one target by that which `decide` chooses; inputs that are
 * constants are packed for it.
 */
export function buildKernel(
  workload: Workload,
  context: KernelContext,
  { target, decide }: Decided = { target: wasmSimd, decide: byRule },
): Kernel {
  const built = buildVariant(workload, { ...context, target }, decide);
  const { definition, inputs, operands } = built;
  const other = otherVariant(built, workload, { ...context, target: otherTarget(target) });
  const [simd, relaxed] = target === wasmSimd ? [built, other] : [other, built];
  return {
    name: definition.name,
    tensor: definition,
    inputs,
    preparations: preparationsOf(built),
    operands,
    ...variantOf(simd),
    relaxed: variantOf(relaxed),
  };
}

const otherTarget = (target: Target): Target => (target === wasmSimd ? wasmRelaxedSimd : wasmSimd);

const variantOf = ({ trace, scheduled, lowered, shared }: KernelVariant): KernelVariant => ({
  trace,
  scheduled,
  lowered,
  shared,
});

/** A kernel for one target. */
export interface BuiltVariant extends KernelVariant, Pick<Kernel, 'inputs' | 'operands'> {
  /** What it computes, in the definition that the schedule chose. */
  readonly definition: TensorFunc;
}

/** The kernel of a workload for one target, by the schedule that `decide` chooses. */
export const buildVariant = (workload: Workload, context: SpaceContext, decide: Decide): BuiltVariant =>
  lowerScheduled(scheduleWorkload(workload, context, decide), context);

/** The kernel of a schedule. */
export function lowerScheduled(
  { definition, trace, func }: Scheduled,
  { constants, target }: Pick<SpaceContext, 'constants' | 'target'>,
): BuiltVariant {
  const hoisted = hoistConstants(func, constants);
  const { funcs, shared } = splitPhases(hoisted.func);
  const lower = target.gpu === undefined ? lowerOnce : lowerForWebgpu;
  return {
    definition: definition.func,
    trace,
    scheduled: func,
    lowered: funcs.map((phase) => lower(phase)),
    shared,
    inputs: hoisted.inputs,
    operands: { inputs: hoisted.func.inputs, outputs: hoisted.func.outputs },
  };
}

/**
 * The same decisions for the other target but for the height of register tiles, which follows the target; that of the
 * tiles' width, and with it how operands are packed, is kept.
 */
function otherVariant(built: BuiltVariant, workload: Workload, context: SpaceContext): KernelVariant {
  const decisions = [...decisionsOf(built.trace)];
  const kept = decisions.filter(([name]) => !/\.(rows|row-tiles)$/.test(name));
  if (kept.length === decisions.length) return built;
  const other = buildVariant(workload, context, asDecided(new Map(kept)));
  const hasSameOperands =
    printOperands(other.inputs) === printOperands(built.inputs) && printPhases(other) === printPhases(built);
  return hasSameOperands ? other : built;
}

const printOperands = (inputs: readonly HoistedInput[]): string =>
  inputs
    .map(({ source, pack: packing, prepare }) =>
      [source, ...[packing, prepare].map((func) => (func === undefined ? '' : printTensorFunc(func)))].join(' '),
    )
    .join('\n');

/** What the plan says of the phases. */
const printPhases = ({ lowered, shared }: KernelVariant): string =>
  JSON.stringify([
    shared,
    lowered.map((phase) => ({
      operands: [...phase.inputs, ...phase.outputs].map(({ name }) => name),
      temps: phase.temps.map(({ dtype, shape, scope }) => ({ dtype, shape, scope })),
      isParallel: isDivisible(phase),
    })),
  ]);

/** What is run when an artifact is loaded, in flat form, by the positions of the inputs that are prepared. */
export function preparationsOf({
  definition,
  inputs,
}: Pick<BuiltVariant, 'definition' | 'inputs'>): Kernel['preparations'] {
  const entries = inputs.flatMap(({ prepare }, i) =>
    prepare === undefined ? [] : [[i, lowerOnce({ ...prepare, name: `${definition.name}/prepare` })] as const],
  );
  return new Map(entries);
}

function operand(
  node: NodeOf<'fused'>,
  { inputs, preparations }: Kernel,
  position: number,
  constants: ReadonlyMap<string, TensorData>,
): Operand {
  const { source, pack: packing } = inputs[position] as HoistedInput;
  const name = node.inputs[source];
  invariant(name !== undefined, `kernel ${node.name} has no input ${source}`);
  const data = constants.get(name);
  const constant = packing === undefined || data === undefined ? name : pack(packing, data);
  const preparation = preparations.get(position);
  return preparation === undefined ? constant : { preparation, constant };
}

/** The workspaces that a kernel needs in linear memory while it runs: those that phases share, then those of each. */
export const workspaces = ({ shared, lowered }: KernelVariant): readonly Buffer[] => [
  ...shared,
  ...lowered.flatMap((phase) => phase.temps),
];
