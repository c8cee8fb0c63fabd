import { emitWasm } from '../../../compiler/codegen/wasm/index.ts';
import type { Kernel, KernelVariant } from '../../../compiler/kernels.ts';
import { staticElements } from '../../../compiler/static-shape.ts';
import { divideParallel, isDivisible } from '../../../compiler/tensor-passes/divide-parallel.ts';
import { byteSize } from '../../../ir/dtype.ts';
import type { Buffer } from '../../../ir/tensor/tensor-func.ts';
import { arrayFromBytes, bytesOf, type TensorData } from '../../../ir/tensor-data.ts';

const PAGE = 65536;
const threads = 2;

/**
 * Emits the phases of a kernel, calls them one after the other on copies of the inputs and reads the outputs back. What
 * threads can share is run in so many parts, the last first, by two threads in turn whose own workspaces lie apart.
 */
export async function runPhases(
  { lowered, shared }: Pick<KernelVariant, 'lowered' | 'shared'>,
  { inputs, outputs }: Kernel['operands'],
  values: readonly TensorData[],
  parts = 1,
): Promise<readonly TensorData[]> {
  let end = 16;
  const place = ({ shape, dtype }: Buffer): number => {
    const address = end;
    end += Math.ceil((staticElements(shape) * byteSize(dtype)) / 16) * 16;
    return address;
  };
  const addresses = new Map([...inputs, ...outputs, ...shared].map((buffer) => [buffer.name, place(buffer)]));
  const calls = lowered.flatMap((phase) => {
    const operands = [...phase.inputs, ...phase.outputs].map(({ name }) => addresses.get(name) as number);
    const common = phase.temps.map(place);
    const own = Array.from({ length: threads }, (_, thread) =>
      phase.temps.map((temp, i) => (temp.scope === 'thread' && thread > 0 ? place(temp) : (common[i] as number))),
    );
    if (!isDivisible(phase)) return [{ name: phase.name, args: [...operands, ...common] }];
    return Array.from({ length: parts }, (_, i) => {
      const args = [...operands, ...(own[i % threads] as number[]), parts - 1 - i, parts];
      return { name: phase.name, args };
    });
  });
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE), maximum: PAGE });
  const module = await WebAssembly.compile(Uint8Array.from(await emitWasm(lowered.map(divideParallel))));
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const bytesAt = ({ name, shape, dtype }: Buffer) =>
    new Uint8Array(memory.buffer, addresses.get(name), staticElements(shape) * byteSize(dtype));
  // What a kernel leaves out of an output, or reads beyond its input, shows.
  new Uint8Array(memory.buffer).fill(0xcd);
  for (const [i, input] of inputs.entries()) bytesAt(input).set(bytesOf((values[i] as TensorData).data));
  for (const { name, args } of calls) (exports[name] as (...args: readonly number[]) => void)(...args);
  return outputs.map((output) => ({
    dtype: output.dtype,
    shape: output.shape as readonly number[],
    data: arrayFromBytes(output.dtype, bytesAt(output).slice()),
  }));
}
