import { invariant } from '../../ir/errors.ts';
import type { Buffer } from '../../ir/tensor/tensor-func.ts';
import { boundBuffers, emitWgsl } from '../codegen/wgsl/index.ts';
import type { BuiltVariant } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';
import type { Dispatch, PreparedOperands, WebgpuKernelProgram } from './measure/programs.ts';

/** The inputs of a kernel in a memory of so many bytes, and where each of them stands, by its name. */
interface Prepared extends Pick<PreparedOperands, 'inputs' | 'setup'> {
  readonly memory: Pick<PreparedOperands, 'bytes'>;
  readonly addresses: ReadonlyMap<string, number>;
}

/**
 * A kernel for WebGPU as one that is measured: the code that a model would have, with each buffer by itself. `constants`
 * are the inputs of its definition that a model holds. Throws UnsupportedError for what WebGPU cannot do.
 */
export function webgpuKernelProgram(
  { definition, inputs: sources, operands, shared, lowered }: BuiltVariant,
  constants: ReadonlySet<string>,
  { memory, addresses, inputs, setup }: Prepared,
): WebgpuKernelProgram {
  const isConstant = (_: Buffer, i: number): boolean =>
    constants.has(definition.inputs[sources[i]?.source ?? -1]?.name ?? '');
  const readOnly = new Set(operands.inputs.filter(isConstant).map(({ name }) => name));
  const { code, ends, entryPoints } = emitWgsl(lowered.map((func) => ({ func, constants: readOnly })));
  const buffers: WebgpuKernelProgram['buffers'][number][] = [];
  const add = ({ name, dtype, shape }: Buffer): number => {
    const address = addresses.get(name);
    buffers.push({ elements: staticElements(shape), ...(address !== undefined && { from: { address, dtype } }) });
    return buffers.length - 1;
  };
  const known = new Map(
    [...operands.inputs, ...operands.outputs, ...shared].map((buffer) => [buffer.name, add(buffer)]),
  );
  const dispatches = lowered.map((phase): Dispatch => {
    const entryPoint = entryPoints.get(phase.name);
    invariant(entryPoint !== undefined, `${phase.name} is an entry point`);
    const bindings = boundBuffers(phase).map((buffer) => known.get(buffer.name) ?? add(buffer));
    return { kernel: entryPoint.name, workgroups: entryPoint.workgroups, buffers: bindings };
  });
  const [functionsEnd = 0, ...kernelEnds] = ends;
  const names = [...entryPoints.values()].map(({ name }) => name);
  return {
    bytes: memory.bytes,
    inputs,
    setup,
    code,
    shaders: { functionsEnd, kernels: names.map((name, i) => ({ name, end: kernelEnds[i] ?? 0 })) },
    buffers,
    results: operands.outputs.map(({ name }) => known.get(name) ?? 0),
    dispatches,
  };
}
