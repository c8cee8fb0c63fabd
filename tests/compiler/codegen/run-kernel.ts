import { emitWasm, type WasmOptions } from '../../../compiler/codegen/wasm/index.ts';
import { isStatic, type Shape } from '../../../ir/dim.ts';
import { byteSize } from '../../../ir/dtype.ts';
import type { Buffer, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { arrayFromBytes, bytesOf, elementCount, type TensorData } from '../../../ir/tensor-data.ts';

export type Sizes = ReadonlyMap<string, number>;
type Kernel = (...args: readonly number[]) => void;

const PAGE = 65536;
/** Bytes before the first buffer. Small, so that an address that goes below its buffer's begin also leaves the memory. */
const FIRST = 16;

/** Emits a kernel in flat form, calls it on copies of the inputs and reads the outputs back. */
export async function runKernel(
  func: TensorFunc,
  inputs: readonly TensorData[],
  sizes: Sizes = new Map(),
  options: WasmOptions = {},
): Promise<readonly TensorData[]> {
  const kernel = await instantiate(func, sizes, options);
  for (const [i, input] of inputs.entries()) kernel.write(i, input);
  kernel.run();
  return func.outputs.map((_, i) => kernel.read(func.inputs.length + i));
}

export interface Instance {
  /** Calls the kernel on the buffers that it was instantiated with. */
  readonly run: () => void;
  /** Buffers count from 0: inputs, outputs, temps. */
  readonly write: (buffer: number, data: TensorData) => void;
  readonly read: (buffer: number) => TensorData;
}

export async function instantiate(
  func: TensorFunc,
  sizes: Sizes = new Map(),
  options: WasmOptions = {},
): Promise<Instance> {
  const buffers = [...func.inputs, ...func.outputs, ...func.temps];
  const { addresses, end } = placeBuffers(buffers, sizes);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE), maximum: PAGE });
  const module = await WebAssembly.compile(Uint8Array.from(await emitWasm([func], options)));
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const kernel = instance.exports[func.name] as Kernel;
  const args = [...addresses, ...func.sizes.map((size) => sizes.get(size) as number)];
  const bytesAt = (i: number) => {
    const { dtype, shape } = buffers[i] as Buffer;
    const bytes = elementCount(concrete(shape, sizes)) * byteSize(dtype);
    return new Uint8Array(memory.buffer, addresses[i], bytes);
  };
  // What a kernel leaves out of an output, or reads beyond its input, shows.
  new Uint8Array(memory.buffer).fill(0xcd);
  return {
    run: () => kernel(...args),
    write: (i, data) => bytesAt(i).set(bytesOf(data.data)),
    read: (i) => {
      const { dtype, shape } = buffers[i] as Buffer;
      return { dtype, shape: concrete(shape, sizes), data: arrayFromBytes(dtype, bytesAt(i).slice()) };
    },
  };
}

const concrete = (shape: Shape, sizes: Sizes): readonly number[] =>
  shape.map((dim) =>
    isStatic(dim)
      ? dim
      : dim.terms.reduce(
          (sum, { symbol, coefficient }) => sum + coefficient * (sizes.get(symbol) as number),
          dim.constant,
        ),
  );

function placeBuffers(
  buffers: readonly Buffer[],
  sizes: Sizes,
): { readonly addresses: readonly number[]; readonly end: number } {
  let end = FIRST;
  const addresses = buffers.map(({ dtype, shape }) => {
    const address = end;
    end += Math.ceil((elementCount(concrete(shape, sizes)) * byteSize(dtype)) / 16) * 16;
    return address;
  });
  return { addresses, end };
}
