import { invariant } from '../ir/errors.ts';
import type { Graph, Node, NodeOf } from '../ir/graph/graph.ts';
import type { Buffer, TensorFunc } from '../ir/tensor/tensor-func.ts';
import type { TensorData } from '../ir/tensor-data.ts';
import { printTensorFunc } from '../ir/text/print-tensor.ts';
import { defaultSchedule } from '../schedules/defaults/index.ts';
import type { Trace } from '../schedules/trace.ts';
import { type HoistedInput, hoistPacking, pack } from './hoist-packing.ts';
import { lowerGroup } from './lower/lower-group.ts';
import { lowerSchedule } from './tensor-passes/index.ts';

/** One kernel in all the forms it went through; calls of equal workloads share it. */
export interface Kernel {
  readonly name: string;
  readonly tensor: TensorFunc;
  readonly trace: Trace;
  readonly scheduled: TensorFunc;
  readonly lowered: TensorFunc;
  readonly inputs: readonly HoistedInput[];
}

/** A call of a kernel. An operand is a value of the graph, or a constant that was packed for this kernel. */
export interface KernelCall {
  readonly node: NodeOf<'fused'>;
  readonly kernel: Kernel;
  readonly inputs: readonly (string | TensorData)[];
}

/** Lowers, schedules and flattens every group of a fused graph, equal workloads once. */
export function buildKernels(graph: Graph): readonly KernelCall[] {
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant.data]));
  const known = new Map<string, Kernel>();
  return graph.nodes.filter(isKernel).map((node) => {
    const tensor = lowerGroup(node);
    const fixed = tensor.inputs.filter((_, i) => constants.has(node.inputs[i] as string)).map((input) => input.name);
    const workload = `${printTensorFunc({ ...tensor, name: '' })}constants ${fixed.join(' ')}`;
    const kernel = known.get(workload) ?? buildKernel(tensor, new Set(fixed));
    known.set(workload, kernel);
    return { node, kernel, inputs: kernel.inputs.map((input) => operand(node, input, constants)) };
  });
}

/** A reshape alone moves no element: the memory plan gives its result the place of its operand. */
export const isAlias = (node: Node): boolean =>
  node.op === 'fused' && node.attrs.body.nodes.length === 1 && node.attrs.body.nodes[0]?.op === 'reshape';

function isKernel(node: Node): node is NodeOf<'fused'> {
  invariant(node.op === 'fused', `node ${node.name} was left out of fusion`);
  return !isAlias(node);
}

/** The kernel of a function by the default schedule; inputs that are constants are packed for it. */
export function buildKernel(tensor: TensorFunc, constants: ReadonlySet<string>): Kernel {
  const { trace, func: scheduled } = defaultSchedule(tensor, constants);
  const { func, inputs } = hoistPacking(scheduled, constants);
  return { name: tensor.name, tensor, trace, scheduled, lowered: lowerSchedule(func), inputs };
}

function operand(
  node: NodeOf<'fused'>,
  { source, pack: packing }: HoistedInput,
  constants: ReadonlyMap<string, TensorData>,
) {
  const name = node.inputs[source];
  invariant(name !== undefined, `kernel ${node.name} has no input ${source}`);
  const data = constants.get(name);
  return packing === undefined || data === undefined ? name : pack(packing, data);
}

/** The workspaces that a kernel needs in linear memory while it runs. */
export const workspaces = (kernel: Kernel): readonly Buffer[] =>
  kernel.lowered.temps.filter((temp) => temp.scope === 'global');
