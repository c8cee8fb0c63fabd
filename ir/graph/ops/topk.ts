import { isStatic, printShape } from '../../dim.ts';
import type { Scalar } from '../../scalar.ts';
import { elementCount, newArray, type TensorData } from '../../tensor-data.ts';
import type { TensorType } from '../graph.ts';
import type { OpAttrs } from '../op-attrs.ts';
import type { OpRow } from '../op-row.ts';
import { check, checkAxis, checkBinary } from './checks.ts';
import { decode, type Elements } from './elements.ts';
import { axesOffsets, otherAxes } from './offsets.ts';
import { ordering } from './order.ts';
import { concrete } from './result.ts';

function infer(inputs: readonly TensorType[], { axis, k }: OpAttrs['topk']): readonly TensorType[] {
  const [x] = inputs;
  check(x !== undefined && inputs.length === 1, () => `takes 1 operands, has ${inputs.length}`);
  checkAxis(axis, x);
  checkBinary('max', x.dtype);
  const size = x.shape[axis];
  check(
    Number.isInteger(k) && k >= 0 && (size === undefined || !isStatic(size) || k <= size),
    () => `k is ${k} on axis ${axis} of ${printShape(x.shape)}`,
  );
  const shape = x.shape.with(axis, k);
  return [
    { dtype: x.dtype, shape },
    { dtype: 'i64', shape },
  ];
}

/** As numpy sorts, a NaN counts as larger than every number. */
function evaluate(
  inputs: readonly TensorData[],
  { axis, largest }: OpAttrs['topk'],
  outputs: readonly TensorType[],
): readonly TensorData[] {
  const x = inputs[0] as TensorData;
  const { dtype, shape } = concrete(outputs[0]);
  const [keys, compare, sign] = [decode(x), ordering(1), largest ? -1 : 1];
  const [along, lines] = [axesOffsets(x.shape, [axis]), axesOffsets(x.shape, otherAxes(x.shape.length, [axis]))];
  const places = axesOffsets(shape, [axis]);
  const values = newArray(dtype, elementCount(shape));
  const indices = new BigInt64Array(values.length);
  const [source, target]: [Elements, Elements] = [x.data, values];
  axesOffsets(shape, otherAxes(shape.length, [axis])).forEach((start, line) => {
    const key = (i: number) => keys[(lines[line] as number) + (along[i] as number)] as Scalar;
    // The sort is stable, so that of equal elements the first comes first.
    const order = Array.from(along, (_, i) => i).sort((i, j) => sign * compare(key(i), key(j)));
    places.forEach((place, i) => {
      const from = order[i] as number;
      target[start + place] = source[(lines[line] as number) + (along[from] as number)] as Scalar;
      indices[start + place] = BigInt(from);
    });
  });
  return [
    { dtype, shape, data: values },
    { dtype: 'i64', shape, data: indices },
  ];
}

const topk: OpRow<'topk'> = { kind: 'opaque', infer, evaluate };
export const topkRows = { topk };
