import { byteSize } from '../../ir/dtype.ts';
import { invariant } from '../../ir/errors.ts';
import type { Buffer, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { Preparation, SharedStep, Step } from '../../runtime/manifest.ts';
import { countKernel } from '../counts/count-kernel.ts';
import { instructionsOf } from '../counts/counts.ts';
import type { KernelCall } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';
import { isDivisible } from '../tensor-passes/divide-parallel.ts';
import type { Layout } from './layout.ts';

/** The steps of the plan that a call becomes: one a phase of its kernel. */
export function stepsOf(call: KernelCall, layout: Layout): readonly Step[] {
  const { kernel, node } = call;
  const places = layout.workspaces(call);
  const addresses = new Map([
    ...kernel.operands.inputs.map(({ name }, i) => [name, layout.address(call.inputs[i] ?? '')] as const),
    ...kernel.operands.outputs.map(({ name }, i) => [name, layout.address(node.outputs[i]?.name ?? '')] as const),
    ...kernel.shared.map(({ name }, i) => [name, places[i]] as const),
  ]);
  let used = kernel.shared.length;
  return kernel.lowered.map((phase): Step => {
    const operands = [...phase.inputs, ...phase.outputs].map(({ name }) => addresses.get(name));
    const own = places.slice(used, (used += phase.temps.length));
    const known = [...operands, ...own].filter((address) => address !== undefined);
    invariant(known.length === operands.length + phase.temps.length, `all operands of ${phase.name} have a place`);
    return {
      kind: 'kernel',
      kernel: phase.name,
      node: node.name,
      operands: known,
      work: instructionsOf(countKernel(phase).counts),
      ...(isDivisible(phase) && { parallel: { own: ownOperands(phase) } }),
    };
  });
}

/** What is run when an artifact is loaded. */
export const preparationsOf = ({ preparations }: Layout): readonly Preparation[] =>
  preparations.map(({ prepared: { preparation }, inFile, from, to, workspaces }) => ({
    weights: inFile,
    to: from,
    step: {
      kind: 'kernel',
      kernel: preparation.name,
      node: preparation.name,
      operands: [from, to, ...workspaces],
      work: instructionsOf(countKernel(preparation).counts),
      ...(isDivisible(preparation) && { parallel: { own: [] } }),
    },
  }));

/** What each thread but the first needs of memory for itself: kernels run one after the other, so for the largest. */
export const threadBytes = (calls: readonly KernelCall[]): number =>
  Math.max(0, ...calls.flatMap(({ kernel }) => kernel.lowered.filter(isDivisible)).map(endOfOwn));

const alignment = 64;
const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
const bytesOf = ({ shape, dtype }: Buffer): number => staticElements(shape) * byteSize(dtype);
const isOwn = ({ scope }: Buffer): boolean => scope === 'thread';

function ownOperands({ inputs, outputs, temps }: TensorFunc): SharedStep['own'] {
  let end = 0;
  return temps.flatMap((temp, i) => {
    if (!isOwn(temp)) return [];
    const offset = end;
    end += align(bytesOf(temp));
    return [[inputs.length + outputs.length + i, offset] as const];
  });
}

const endOfOwn = ({ temps }: TensorFunc): number =>
  temps.filter(isOwn).reduce((end, temp) => end + align(bytesOf(temp)), 0);
