import { f16ToNumber } from '../../ir/f16.ts';
import type { TensorData } from '../../ir/tensor-data.ts';

/** What the elements of a tensor are like. Of those that are finite, where it is not said otherwise. */
export interface Statistics {
  readonly elements: number;
  readonly min: number;
  readonly max: number;
  /** The root of the mean square. */
  readonly rms: number;
  readonly nans: number;
  readonly infinities: number;
}

export function statisticsOf({ dtype, data }: TensorData): Statistics {
  let [min, max, squares, nans, infinities] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (const element of data) {
    const value = dtype === 'f16' ? f16ToNumber(element as number) : Number(element);
    if (Number.isNaN(value)) nans++;
    else if (!Number.isFinite(value)) infinities++;
    else {
      min = Math.min(min, value);
      max = Math.max(max, value);
      squares += value * value;
    }
  }
  const finite = data.length - nans - infinities;
  const rms = finite === 0 ? 0 : Math.sqrt(squares / finite);
  return finite === 0
    ? { elements: data.length, min: Number.NaN, max: Number.NaN, rms, nans, infinities }
    : { elements: data.length, min, max, rms, nans, infinities };
}
