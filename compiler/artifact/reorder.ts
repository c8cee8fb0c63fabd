import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { elementCount, type TensorData } from '../../ir/tensor-data.ts';
import type { ReorderLoop } from '../../runtime/manifest.ts';
import { pack } from '../hoist-constants.ts';
import { isPrepared, type KernelCall } from '../kernels.ts';

/** What a constant was made of: another one, and how that was packed, unless it is the other one itself. */
export interface Origin {
  readonly source: TensorData;
  readonly packing?: TensorFunc;
}

/** The origins of what calls read that was packed for them. */
export function originsOf(
  constants: readonly { readonly name: string; readonly data: TensorData }[],
  calls: readonly KernelCall[],
): ReadonlyMap<TensorData, Origin> {
  const known = new Map(constants.map(({ name, data }) => [name, data]));
  const origins = new Map<TensorData, Origin>();
  for (const { node, kernel, inputs } of calls)
    for (const [i, { source, pack: packing }] of kernel.inputs.entries()) {
      const operand = inputs[i];
      const packed = operand !== undefined && isPrepared(operand) ? operand.constant : operand;
      const data = known.get(node.inputs[source] ?? '');
      if (packing !== undefined && data !== undefined && packed !== undefined && typeof packed !== 'string')
        origins.set(packed, { source: data, packing });
    }
  return origins;
}

/** f32 counts elements exactly up to here. */
const most = 2 ** 24;

/**
 * The loops, the outermost first, that take the elements of one packing of a constant in the order of another one. Undefined
 * where no loops do: as where tiles are padded otherwise, or do not divide one another.
 */
export function orderBetween(from: Origin, to: Origin): readonly ReorderLoop[] | undefined {
  const { dtype, shape } = from.source;
  const count = elementCount(shape);
  if (dtype !== 'f32' || count === 0 || count >= most) return undefined;
  // Zero is what pads.
  const numbers: TensorData = { dtype, shape, data: Float32Array.from({ length: count }, (_, i) => i + 1) };
  const [read, wanted] = [from, to].map(
    ({ packing }) => (packing === undefined ? numbers : pack(packing, numbers)).data,
  );
  if (read === undefined || wanted === undefined || read.length !== wanted.length) return undefined;
  const places = new Int32Array(count + 1).fill(-1);
  for (let i = 0; i < read.length; i++) places[Number(read[i])] = i;
  return loopsOf(Int32Array.from(wanted as Float32Array, (element) => places[element] ?? -1));
}

/** The loops whose sums of strides give these places, in order. */
function loopsOf(places: Int32Array): readonly ReorderLoop[] | undefined {
  const at = (i: number): number => places[i] ?? Number.NaN;
  const loops: ReorderLoop[] = [];
  for (let [unit, left] = [1, places.length]; left > 1; ) {
    const stride = at(unit) - at(0);
    let extent = 1;
    while (extent < left && at(extent * unit) === at(0) + extent * stride) extent++;
    if (left % extent !== 0) return undefined;
    loops.unshift({ extent, stride });
    unit *= extent;
    left /= extent;
  }
  const isRight = (i: number): boolean => {
    let [rest, place] = [i, 0];
    for (const { extent, stride } of loops.toReversed()) {
      place += (rest % extent) * stride;
      rest = Math.floor(rest / extent);
    }
    return place === at(i);
  };
  return places.every((_, i) => isRight(i)) ? loops : undefined;
}
