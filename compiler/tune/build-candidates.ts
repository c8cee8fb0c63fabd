import { byteSize, isFloat } from '../../ir/dtype.ts';
import { invariant } from '../../ir/errors.ts';
import type { UnaryOp } from '../../ir/scalar.ts';
import type { Buffer, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { walk } from '../../ir/tensor/visit.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import type { Candidate } from '../../schedules/search/search.ts';
import { type Target, wasmRelaxedSimd } from '../../schedules/target/target.ts';
import { emitWasm } from '../codegen/wasm/index.ts';
import { type BuiltVariant, type KernelSource, plainDefinition, preparationsOf } from '../kernels.ts';
import { staticElements } from '../static-shape.ts';
import { divideParallel, isDivisible } from '../tensor-passes/divide-parallel.ts';
import { lowerSchedule } from '../tensor-passes/index.ts';
import { webgpuKernelProgram } from './build-webgpu-kernel.ts';
import { executable } from './candidate-space.ts';
import type {
  Batch,
  Call,
  KernelProgram,
  Place,
  PreparedOperands,
  TaskProgram,
  WebgpuKernelProgram,
} from './measure/programs.ts';
import type { KernelTask } from './tasks.ts';

/** The program that candidates of a task are compared with, by its plain definition, and that of its default schedule. */
export async function buildTask({
  name,
  workload,
  target,
  source,
  operands,
  space,
  cache,
}: KernelTask): Promise<TaskProgram> {
  const plain = plainDefinition(source.workload);
  const module = new ModuleBuilder(target);
  const reference = module.addPlain(plain);
  const anchor = module.addKernel(space.kernelOf(space.preferred), source);
  return {
    id: `${workload} ${target.name}`,
    name,
    module: await module.emit(),
    operands,
    outputs: plain.outputs.map(({ dtype, shape }) => ({ dtype, shape: shape as readonly number[] })),
    isRounded: roundsFloats(plain),
    reference,
    anchor,
    cache,
  };
}

/** Whether a function has steps, so that the rounding of floats can make results leap. */
function roundsFloats({ body, outputs }: TensorFunc): boolean {
  let found = outputs.some(({ dtype }) => dtype === 'bool');
  walk(body, {
    expr: (expr) => {
      if (expr.kind === 'unary') found ||= isFloat(expr.dtype) && steps.has(expr.op);
      if (expr.kind === 'cast') found ||= isFloat(expr.operand.dtype) && !isFloat(expr.dtype);
    },
  });
  return found;
}

const steps: ReadonlySet<UnaryOp> = new Set(['round', 'floor', 'ceil', 'sign']);

/** Candidates of a task in one module. */
export async function buildBatch(
  { target, space, source }: KernelTask,
  candidates: readonly Candidate[],
  isFinal: boolean,
): Promise<Batch> {
  const module = new ModuleBuilder(target);
  const kernels = candidates.map((candidate) => module.addKernel(space.kernelOf(candidate), source));
  return { module: await module.emit(), kernels, isFinal };
}

/** Kernels in flat form that become one module, under names of their own. */
class ModuleBuilder {
  readonly #target: Target;
  readonly #funcs: TensorFunc[] = [];
  /** By their texts. */
  readonly #packings = new Map<string, TensorFunc>();

  constructor(target: Target) {
    this.#target = target;
  }

  emit(): Promise<Uint8Array<ArrayBuffer>> {
    return emitWasm(this.#funcs.map(divideParallel), { relaxedSimd: this.#target === wasmRelaxedSimd }).then(
      // A copy that owns its buffer can be sent whole.
      (bytes) => Uint8Array.from(bytes),
    );
  }

  /** A function without any schedule. */
  addPlain(func: TensorFunc): KernelProgram {
    const memory = new Memory();
    const inputs = func.inputs.map((input, operand) => ({ operand, address: memory.place(input) }));
    const outputs = func.outputs.map((output) => memory.place(output));
    const flat = this.#add(lowerSchedule(func));
    const steps = [callOf(flat, [...inputs.map(({ address }) => address), ...outputs], memory)];
    return { bytes: memory.bytes, inputs, outputs, setup: [], steps };
  }

  addKernel(kernel: BuiltVariant, { context: { constants } }: KernelSource): KernelProgram | WebgpuKernelProgram {
    const prepared = this.#prepare(kernel);
    return this.#target.gpu === undefined
      ? this.#addWasm(kernel, prepared)
      : webgpuKernelProgram(kernel, constants, prepared);
  }

  #addWasm(kernel: BuiltVariant, { memory, addresses, inputs, setup }: Prepared): KernelProgram {
    for (const buffer of [...kernel.operands.outputs, ...kernel.shared])
      addresses.set(buffer.name, memory.place(buffer));
    const addressOf = ({ name }: Buffer): number => addresses.get(name) ?? 0;
    const steps = kernel.lowered
      .map(executable(this.#target))
      .map((phase) => callOf(this.#add(phase), [...phase.inputs, ...phase.outputs].map(addressOf), memory));
    const outputs = kernel.operands.outputs.map(addressOf);
    return { bytes: memory.bytes, inputs, outputs, setup, steps };
  }

  /** Gives its inputs places, and packs and prepares what is packed and prepared for it. */
  #prepare(kernel: BuiltVariant): Prepared {
    const memory = new Memory();
    const setup: Call[] = [];
    const places = new Map<number, Place>();
    const preparations = preparationsOf(kernel);
    const addresses = new Map<string, number>();
    for (const [i, { source, pack: packing }] of kernel.inputs.entries()) {
      const buffer = kernel.operands.inputs[i];
      const raw = packing?.inputs[0] ?? kernel.definition.inputs[source];
      invariant(buffer !== undefined && raw !== undefined, 'an operand comes from an input');
      const place = places.get(source) ?? { operand: source, address: memory.place(raw) };
      places.set(source, place);
      let { address } = place;
      if (packing !== undefined) {
        const packed = memory.placeAll(packing.outputs);
        setup.push(callOf(this.#packing(packing), [address, ...packed], memory));
        address = packed[0] ?? address;
      }
      const preparation = preparations.get(i);
      if (preparation !== undefined) {
        const prepared = memory.place(buffer);
        setup.push(callOf(this.#add(preparation), [address, prepared], memory));
        address = prepared;
      }
      addresses.set(buffer.name, address);
    }
    return { memory, addresses, inputs: [...places.values()], setup };
  }

  #packing(packing: TensorFunc): TensorFunc {
    const text = printTensorFunc(packing);
    const known = this.#packings.get(text) ?? this.#add(lowerSchedule(packing));
    this.#packings.set(text, known);
    return known;
  }

  #add(func: TensorFunc): TensorFunc {
    const named = { ...func, name: `${this.#funcs.length}` };
    this.#funcs.push(named);
    return named;
  }
}

/** Runs all of a function, with workspaces of its own behind its operands. */
function callOf(func: TensorFunc, operands: readonly number[], memory: Memory): Call {
  const share = isDivisible(func) ? [0, 1] : [];
  return { name: func.name, args: [...operands, ...memory.placeAll(func.temps), ...share] };
}

/** The inputs of a kernel in a memory. */
interface Prepared extends Pick<PreparedOperands, 'inputs' | 'setup'> {
  readonly memory: Memory;
  /** By the names of its buffers. */
  readonly addresses: Map<string, number>;
}

const ALIGNMENT = 64;

/** Places in a memory, one behind the other. */
class Memory {
  bytes = ALIGNMENT;

  place({ shape, dtype }: Buffer): number {
    const address = this.bytes;
    this.bytes += Math.ceil((staticElements(shape) * byteSize(dtype)) / ALIGNMENT) * ALIGNMENT;
    return address;
  }

  placeAll(buffers: readonly Buffer[]): readonly number[] {
    return buffers.map((buffer) => this.place(buffer));
  }
}
