import { arrayFromBytes, bytesOf, elementCount, newArray, type TensorData } from '../../../ir/tensor-data.ts';
import type { Call, KernelProgram, PreparedOperands, TensorSpec } from './programs.ts';

/** A kernel in a memory of its own, with its operands there. */
export interface KernelInstance {
  /** Throws what WebAssembly throws where it traps. */
  readonly run: () => void;
  readonly outputs: (specs: readonly TensorSpec[]) => readonly TensorData[];
}

const PAGE = 65536;
/** As many as modules declare for the memory that they import. */
const MOST_PAGES = 65536;

/** What no kernel has written, or reads beyond what it is given, shows; as f32 it is no denormal. */
const POISON = 0xcd;

/** A memory in which the operands of a kernel stand as it reads them, and the functions that run there. */
export async function prepareOperands(
  module: WebAssembly.Module,
  { bytes: size, inputs, setup }: PreparedOperands,
  operands: readonly TensorData[],
): Promise<{ readonly exports: WebAssembly.Exports; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(size / PAGE), maximum: MOST_PAGES });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(POISON);
  for (const { operand, address } of inputs) {
    const tensor = operands[operand];
    if (tensor !== undefined) bytes.set(bytesOf(tensor.data), address);
  }
  for (const call of setup) bind(exports, call)();
  return { exports, bytes };
}

export async function openInstance(
  module: WebAssembly.Module,
  program: KernelProgram,
  operands: readonly TensorData[],
): Promise<KernelInstance> {
  const { exports, bytes } = await prepareOperands(module, program, operands);
  const steps = program.steps.map((call) => bind(exports, call));
  const outputs = (specs: readonly TensorSpec[]): readonly TensorData[] =>
    specs.map(({ dtype, shape }, i) => {
      const start = program.outputs[i] ?? 0;
      const length = newArray(dtype, 1).byteLength * elementCount(shape);
      return { dtype, shape, data: arrayFromBytes(dtype, bytes.slice(start, start + length)) };
    });
  const [only] = steps;
  if (only !== undefined && steps.length === 1) return { run: only, outputs };
  return {
    run: () => {
      for (const step of steps) step();
    },
    outputs,
  };
}

function bind(exports: WebAssembly.Exports, { name, args }: Call): () => void {
  const call = exports[name] as (...args: readonly number[]) => void;
  return () => call(...args);
}
