import { isFloat } from '../../ir/dtype.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { compareTensors, type Difference, type Tolerance } from '../io/compare.ts';
import { statisticsOf } from './statistics.ts';

/**
 * `|a − b| ≤ atol · max(1, rms) + rtol · |b|`, where rms is the root of the mean square of the expected tensor: terms of a
 * sum may be as large as that where the sum itself is small.
 */
export type ScaledTolerance = Tolerance;

/** Drivers of GPUs compute functions with fewer digits. */
export const tolerances: Readonly<Record<'wasm' | 'webgpu', ScaledTolerance>> = {
  wasm: { rtol: 1e-3, atol: 1e-4 },
  webgpu: { rtol: 1e-2, atol: 1e-3 },
};

/** Such a part of the results of a group that rounds to whole steps may lie a step away. */
const LEAPS = 1e-3;

export interface Verdict {
  readonly agrees: boolean;
  readonly difference: Difference;
  /** What was allowed, scaled. */
  readonly tolerance: Tolerance;
  /** The largest distance, in parts of `max(1, rms)`; NaN where one side alone is NaN. */
  readonly error: number;
}

/** Compares what a group gave with what it should; `leaps` says whether it rounds to whole steps on the way. */
export function judge(
  actual: TensorData,
  expected: TensorData,
  { rtol, atol }: ScaledTolerance,
  leaps: boolean,
): Verdict {
  const { rms } = statisticsOf(expected);
  const scale = Math.max(1, rms);
  const tolerance = { rtol, atol: atol * scale };
  const difference = compareTensors(actual, expected, tolerance);
  const { wrong, elements, maxAbsolute } = difference;
  const step = isFloat(expected.dtype) ? rms : 1;
  const isLeap = leaps && maxAbsolute <= step && wrong <= Math.max(1, LEAPS * elements);
  return { agrees: wrong === 0 || isLeap, difference, tolerance, error: maxAbsolute / scale };
}

const steps: ReadonlySet<string> = new Set(['round', 'floor', 'ceil', 'sign', 'floordiv']);

/** Whether a group rounds to whole steps, so that the rounding of floats before can make its results leap. */
export function hasSteps({ nodes, inputs }: Graph): boolean {
  const dtypes = new Map(
    [...inputs, ...nodes.flatMap(({ outputs }) => outputs)].map(({ name, type }) => [name, type.dtype]),
  );
  return nodes.some(({ op, inputs: [operand = ''], outputs }) => {
    const isFrom = isFloat(dtypes.get(operand) ?? 'i32');
    const isTo = outputs.some(({ type }) => isFloat(type.dtype));
    return isFrom && (steps.has(op) || !isTo);
  });
}
