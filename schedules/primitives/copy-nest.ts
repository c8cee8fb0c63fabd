import { load } from '../../ir/tensor/build.ts';
import type { Buffer, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { fillNest } from './fill-nest.ts';

/** A nest `<buffer>_copy` that copies all of one buffer into another of the same shape; its loops are `<block>_<dim>`. */
export function copyNest(
  func: TensorFunc,
  place: string,
  copy: {
    readonly from: Buffer;
    readonly to: Buffer;
    readonly name: string;
    readonly names: readonly string[] | undefined;
  },
): Stmt {
  const { from, to, name, names } = copy;
  return fillNest(func, place, { to, block: `${name}_copy`, names, value: (indices) => load(from, indices) });
}
