import type { DType } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import type { Buffer, TensorFunc } from '../../../ir/tensor/tensor-func.ts';

/** The buffers that a kernel gets the address of, in the order of its parameters: inputs, outputs, temps. */
export function parameterBuffers(func: TensorFunc): readonly Buffer[] {
  for (const { name, scope } of func.temps) {
    invariant(
      scope === 'global' || scope === 'thread',
      `${func.name}: the ${scope} buffer ${name} reached code generation`,
    );
  }
  return [...func.inputs, ...func.outputs, ...func.temps];
}

export type ElementTypes = ReadonlyMap<string, DType>;

export const elementTypes = (func: TensorFunc): ElementTypes =>
  new Map(parameterBuffers(func).map(({ name, dtype }) => [name, dtype]));

export function elementType(types: ElementTypes, buffer: string): DType {
  const dtype = types.get(buffer);
  invariant(dtype !== undefined, `no buffer is called ${buffer}`);
  return dtype;
}
