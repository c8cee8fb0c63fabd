import { assertNever } from '../../../ir/errors.ts';
import { range } from './axes.ts';

/** How an element of one axis of a result is made: a weighted sum of elements of the operand. */
export interface Taps {
  /** For each tap, the operand's index by the result's. */
  readonly indices: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
  /** Which elements of the result lie outside of the operand, for tf_crop_and_resize. */
  readonly outside: readonly boolean[];
}

export type CoordinateMode =
  | 'align_corners'
  | 'asymmetric'
  | 'half_pixel'
  | 'half_pixel_symmetric'
  | 'pytorch_half_pixel'
  | 'tf_crop_and_resize';
export type NearestMode = 'ceil' | 'floor' | 'round_prefer_ceil' | 'round_prefer_floor';

/** One axis: sizes before and after, the scale between them, and the region of interest for tf_crop_and_resize. */
export interface ResizedAxis {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  readonly roi: readonly [number, number];
}

const f = Math.fround;

/**
 * The position in the operand that an element of the result stands at, by the formulas of ONNX's Resize. In f32, as other
 * runtimes compute it: which element is the nearest may hang on the last bit.
 */
function position(mode: CoordinateMode, { from, to, scale, roi: [start, end] }: ResizedAxis, x: number): number {
  const halfPixel = f(f((x + 0.5) / f(scale)) - 0.5);
  switch (mode) {
    case 'align_corners':
      return to === 1 ? 0 : f((x * (from - 1)) / (to - 1));
    case 'asymmetric':
      return f(x / f(scale));
    case 'half_pixel':
      return halfPixel;
    case 'half_pixel_symmetric': {
      const adjustment = f(to / f(f(scale) * from));
      return f(f((from / 2) * (1 - adjustment)) + halfPixel);
    }
    case 'pytorch_half_pixel':
      return to > 1 ? halfPixel : 0;
    case 'tf_crop_and_resize':
      if (to === 1) return f(0.5 * (start + end) * (from - 1));
      return f(start * (from - 1) + (x * (end - start) * (from - 1)) / (to - 1));
    default:
      return assertNever(mode);
  }
}

const nearest: Readonly<Record<NearestMode, (x: number) => number>> = {
  ceil: Math.ceil,
  floor: Math.floor,
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
};

export function nearestTaps(axis: ResizedAxis, coordinates: CoordinateMode, rounding: NearestMode): Taps {
  const positions = range(0, axis.to).map((x) => position(coordinates, axis, x));
  const indices = positions.map((at) => clamp(nearest[rounding](at), axis.from));
  return {
    indices: [indices],
    weights: [indices.map(() => 1)],
    outside: positions.map((at) => isOutside(at, axis.from)),
  };
}

/** A filter that is not 0 up to `support` from its centre. */
interface Filter {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

export const linear: Filter = { support: 1, weight: (distance) => Math.max(1 - Math.abs(distance), 0) };

/** Cubic convolution, Keys 1981. */
export function cubic(a: number): Filter {
  const weight = (distance: number) => {
    const x = Math.abs(distance);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
  };
  return { support: 2, weight };
}

interface FilterOptions {
  /** Stretches the filter where the axis shrinks. */
  readonly antialias: boolean;
  /** Elements outside of the operand have no weight, instead of repeating its border. */
  readonly excludesOutside: boolean;
}

export function filterTaps(
  axis: ResizedAxis,
  coordinates: CoordinateMode,
  filter: Filter,
  options: FilterOptions,
): Taps {
  const stretch = options.antialias ? Math.min(axis.scale, 1) : 1;
  const first = Math.floor(-filter.support / stretch) + 1;
  const offsets = range(first, 1 - first + 1);
  const positions = range(0, axis.to).map((x) => position(coordinates, axis, x));
  const normalizes = options.antialias || options.excludesOutside;
  const columns = positions.map((at) => {
    const base = Math.floor(at);
    const weights = offsets.map((offset) => {
      const excluded = options.excludesOutside && isOutside(base + offset, axis.from);
      return excluded ? 0 : filter.weight((base + offset - at) * stretch);
    });
    const total = normalizes ? weights.reduce((sum, weight) => sum + weight, 0) : 1;
    return {
      indices: offsets.map((offset) => clamp(base + offset, axis.from)),
      weights: weights.map((weight) => weight / total),
    };
  });
  return {
    indices: offsets.map((_, k) => columns.map(({ indices }) => indices[k] as number)),
    weights: offsets.map((_, k) => columns.map(({ weights }) => weights[k] as number)),
    outside: positions.map((at) => isOutside(at, axis.from)),
  };
}

const clamp = (index: number, size: number): number => Math.min(Math.max(index, 0), size - 1);
const isOutside = (at: number, size: number): boolean => at < 0 || at > size - 1;
