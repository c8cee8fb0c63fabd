import { invariant } from '../../ir/errors.ts';
import { valueTypes } from '../../ir/graph/edit.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import type { HostCopy, HostProgram, HostStep } from '../../runtime/manifest.ts';
import type { Layout } from '../artifact/layout.ts';
import { stepsOf, threadBytes } from '../artifact/steps.ts';
import { emitWasm } from '../codegen/wasm/index.ts';
import {
  aliasSources,
  buildKernel,
  callsOf,
  flatForms,
  type Kernel,
  type KernelCall,
  plainDefinition,
  sourceOf,
} from '../kernels.ts';
import { staticElements } from '../static-shape.ts';
import { divideParallel } from '../tensor-passes/divide-parallel.ts';
import { plainly, type Refused } from './kernels.ts';
import type { WebgpuLayout } from './layout.ts';
import type { Part } from './parts.ts';

/** The file of the host's kernels. */
export const hostKernels = 'kernels.host.wasm';

/** The kernels that the processor runs in the place of a GPU, equal workloads once. */
export function buildHostKernels(graph: Graph, refused: readonly Refused[]): readonly KernelCall[] {
  const known = new Map<string, Kernel>();
  const sources = refused.map(({ source }) => source);
  return callsOf(graph, sources, ({ workload, context }) => {
    const key = [printTensorFunc({ ...plainDefinition(workload), name: '' }), ...context.constants].join('\n');
    const kernel = known.get(key) ?? buildKernel(plainly(workload), context);
    known.set(key, kernel);
    return kernel;
  });
}

/** The code of the host's kernels, for every engine. */
export const emitHostKernels = (calls: readonly KernelCall[]): Promise<Uint8Array> =>
  emitWasm([...new Set(calls.map(({ kernel }) => kernel))].flatMap((kernel) => flatForms(kernel).map(divideParallel)));

export const describeHost = (
  { totalBytes, weightsOffset, weights }: Layout,
  calls: readonly KernelCall[],
  refused: readonly Refused[],
): HostProgram => ({
  kernels: hostKernels,
  memory: { bytes: totalBytes, weights: weightsOffset, thread: threadBytes(calls) },
  weights: weights.map(({ file, resident }) => ({ file, resident })),
  because: refused.map(({ source, reason }) => ({ node: source.node.name, reason })),
});

/**
 * Makes the steps of calls that the host runs one behind the other: what they read of the GPU's results is copied before
 * the first of them, once in a run; what the GPU reads of theirs after the last.
 */
export function hostSteps(
  { host, device }: { readonly host: Part; readonly device: Part },
  inMemory: Layout,
  onGpu: WebgpuLayout,
): (calls: readonly KernelCall[]) => HostStep {
  const types = valueTypes(host.graph);
  const aliases = aliasSources(host.graph);
  const copied = new Set<string>();
  const copy = (value: string): HostCopy => {
    const [type, gpu] = [types.get(value), onGpu.placeOf(value)];
    invariant(type !== undefined && gpu !== undefined, `value ${value} is held by both`);
    return { dtype: type.dtype, elements: staticElements(type.shape), gpu, host: inMemory.address(value) };
  };
  return (calls) => {
    const read = calls.flatMap(({ node }) => node.inputs.map((input) => sourceOf(input, aliases)));
    const reads = [...new Set(read)].filter((value) => host.received.has(value) && !copied.has(value));
    for (const value of reads) copied.add(value);
    const written = calls.flatMap(({ node }) => node.outputs.map(({ name }) => name));
    return {
      kind: 'host',
      reads: reads.map(copy),
      steps: calls.flatMap((call) => stepsOf(call, inMemory)),
      writes: written.filter((value) => device.received.has(value)).map(copy),
    };
  };
}
