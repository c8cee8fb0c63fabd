import type { NodeOf } from '../../ir/graph/graph.ts';
import { evaluateNode } from '../../ir/graph/op-table.ts';
import { runGraph } from '../../ir/graph/run-graph.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { type Tolerance, type WrongRegion, wrongRegion } from '../io/compare.ts';
import { type Statistics, statisticsOf } from './statistics.ts';
import type { Verdict } from './tolerance.ts';

/** A result that a device computes otherwise than the interpreter, and all that helps to find out why. */
export interface Divergence {
  /** The name of the result. */
  readonly value: string;
  readonly verdict: Verdict;
  readonly expected: DescribedTensor;
  readonly actual: DescribedTensor;
  readonly region?: WrongRegion;
  readonly operands: readonly (DescribedTensor & { readonly name: string; readonly isConstant: boolean })[];
  /** What the interpreter computes on the way, operator by operator. */
  readonly inside: readonly (DescribedTensor & { readonly name: string; readonly operator: string })[];
}

export interface DescribedTensor extends Pick<TensorData, 'dtype' | 'shape'> {
  readonly statistics: Statistics;
}

/** A result of a group as it was computed and as it should be. */
export interface JudgedResult {
  readonly value: string;
  readonly actual: TensorData;
  readonly expected: TensorData;
  readonly verdict: Verdict;
}

export function divergenceOf(
  { inputs, attrs: { body } }: NodeOf<'fused'>,
  operands: readonly TensorData[],
  { value, actual, expected, verdict }: JudgedResult,
  isConstant: (name: string) => boolean,
): Divergence {
  const inside: Divergence['inside'][number][] = [];
  runGraph(body, operands, (node, values) => {
    const results = evaluateNode(node, values);
    for (const [i, { name }] of node.outputs.entries())
      inside.push({ name, operator: node.op, ...describe(results[i] as TensorData) });
    return results;
  });
  const region = regionOf(actual, expected, verdict.tolerance);
  return {
    value,
    verdict,
    expected: describe(expected),
    actual: describe(actual),
    ...(region && { region }),
    operands: inputs.map((name, i) => ({ name, isConstant: isConstant(name), ...describe(operands[i] as TensorData) })),
    inside,
  };
}

const regionOf = (actual: TensorData, expected: TensorData, tolerance: Tolerance): WrongRegion | undefined =>
  actual.data.length === expected.data.length ? wrongRegion(actual, expected, tolerance) : undefined;

const describe = (tensor: TensorData): DescribedTensor => ({
  dtype: tensor.dtype,
  shape: tensor.shape,
  statistics: statisticsOf(tensor),
});
