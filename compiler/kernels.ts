import { invariant } from '../ir/errors.ts';
import type { Graph, Node, NodeOf } from '../ir/graph/graph.ts';
import type { Buffer, TensorFunc } from '../ir/tensor/tensor-func.ts';
import { bytesOf, type TensorData } from '../ir/tensor-data.ts';
import { printTensorFunc } from '../ir/text/print-tensor.ts';
import { asDecided, type Decide, decisionsOf } from '../schedules/decision.ts';
import type { ParallelAxis, SpaceContext } from '../schedules/space/context.ts';
import { type Scheduled, scheduleWorkload, type Workload } from '../schedules/space/search-space.ts';
import { wasmRelaxedSimd, wasmSimd } from '../schedules/target/target.ts';
import type { Trace } from '../schedules/trace.ts';
import { chooseDefinitions } from './choose-definitions.ts';
import { type HoistedConstants, type HoistedInput, hoistConstants, pack } from './hoist-constants.ts';
import { workloadOf } from './lower/workload.ts';
import { splitPhases } from './phases.ts';
import { isDivisible } from './tensor-passes/divide-parallel.ts';
import { lowerSchedule } from './tensor-passes/index.ts';

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
type KernelContext = Omit<SpaceContext, 'target'>;

/**
 * What may be added to the weights, as a part of them, by preparing them for faster algorithms: memory stays within one
 * and a half times the weights beside activations, with some of it left for workspaces.
 */
const defaultGrowth = 0.4;

/** Lowers, schedules and flattens every group of a fused graph, equal workloads once. */
export function buildKernels(
  graph: Graph,
  parallel: ParallelAxis = 'auto',
  growth = defaultGrowth,
): readonly KernelCall[] {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant.data]));
  const known = new Map<string, Kernel>();
  const nodes = graph.nodes.filter(isKernel);
  const weights = graph.constants.reduce((sum, { data }) => sum + bytesOf(data.data).length, 0);
  const workloads = chooseDefinitions(
    nodes.map((node) => workloadOf(node, (input) => constants.has(input))),
    growth * weights,
  );
  return nodes.map((node, i) => {
    const workload = workloads[i] as Workload;
    const tensor = workload.definitions[0]?.func;
    invariant(tensor !== undefined, `group ${node.name} has a definition`);
    const fixed = tensor.inputs.filter((_, i) => constants.has(node.inputs[i] as string)).map((input) => input.name);
    const key = `${printTensorFunc({ ...tensor, name: '' })}constants ${fixed.join(' ')} ${workload.preferred}`;
    const kernel = known.get(key) ?? buildKernel(workload, { constants: new Set(fixed), parallel });
    known.set(key, kernel);
    return { node, kernel, inputs: kernel.inputs.map((_, i) => operand(node, kernel, i, constants)) };
  });
}

/** A reshape alone moves no element: the memory plan gives its result the place of its operand. */
export const isAlias = (node: Node): boolean =>
  node.op === 'fused' && node.attrs.body.nodes.length === 1 && node.attrs.body.nodes[0]?.op === 'reshape';

function isKernel(node: Node): node is NodeOf<'fused'> {
  invariant(node.op === 'fused', `node ${node.name} was left out of fusion`);
  return !isAlias(node);
}

/**
 * The kernel of a workload by the default schedule, or by that which `decide` chooses; inputs that are constants are
 * packed for it.
 */
export function buildKernel(workload: Workload, context: KernelContext, decide?: Decide): Kernel {
  const scheduled = scheduleWorkload(workload, { ...context, target: wasmSimd }, decide);
  const hoisted = hoistConstants(scheduled.func, context.constants);
  const variant = variantOf(scheduled, hoisted);
  return {
    ...variant,
    name: scheduled.definition.func.name,
    tensor: scheduled.definition.func,
    inputs: hoisted.inputs,
    preparations: preparationsOf(scheduled.definition.func.name, hoisted.inputs),
    operands: { inputs: hoisted.func.inputs, outputs: hoisted.func.outputs },
    relaxed: relaxedVariant({ ...variant, ...hoisted }, workload, context),
  };
}

function variantOf({ trace, func }: Scheduled, hoisted: HoistedConstants): KernelVariant {
  const { funcs, shared } = splitPhases(hoisted.func);
  return { trace, scheduled: func, lowered: funcs.map((phase) => lowerSchedule(phase)), shared };
}

/**
 * The same decisions but for the height of register tiles, which follows the target; that of the tiles' width, and with
 * it how operands are packed, is kept.
 */
function relaxedVariant(
  simd: KernelVariant & HoistedConstants,
  workload: Workload,
  context: KernelContext,
): KernelVariant {
  const decisions = [...decisionsOf(simd.trace)];
  const kept = decisions.filter(([name]) => !/\.(rows|row-tiles)$/.test(name));
  if (kept.length === decisions.length) return simd;
  const scheduled = scheduleWorkload(workload, { ...context, target: wasmRelaxedSimd }, asDecided(new Map(kept)));
  const hoisted = hoistConstants(scheduled.func, context.constants);
  const variant = variantOf(scheduled, hoisted);
  const hasSameOperands =
    printOperands(hoisted.inputs) === printOperands(simd.inputs) && printPhases(variant) === printPhases(simd);
  return hasSameOperands ? variant : simd;
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

function preparationsOf(kernel: string, inputs: readonly HoistedInput[]): ReadonlyMap<number, TensorFunc> {
  const entries = inputs.flatMap(({ prepare }, i) =>
    prepare === undefined ? [] : [[i, lowerSchedule({ ...prepare, name: `${kernel}/prepare` })] as const],
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
