import type { TensorData } from '../ir/tensor-data.ts';

const ABSOLUTE = 1e-4;
const RELATIVE = 1e-3;

type Output = Pick<TensorData, 'shape' | 'data'>;

/** What is wrong with the outputs, where |a − b| ≤ 1e-4 + 1e-3·|b| does not hold; undefined where it does. */
export function findDifference(actual: readonly Output[], expected: readonly Output[]): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} outputs instead of ${expected.length}`;
  const differences = expected.map((tensor, index) => differenceOf(actual[index], tensor, index));
  return differences.find((difference) => difference !== undefined);
}

function differenceOf(actual: Output | undefined, expected: Output, index: number): string | undefined {
  if (actual?.shape.join() !== expected.shape.join()) {
    return `output ${index} has shape [${actual?.shape}] instead of [${expected.shape}]`;
  }
  const at = expected.data.findIndex((value, i) => !isClose(Number(actual.data[i]), Number(value)));
  return at < 0 ? undefined : `output ${index} at ${at}: ${actual.data[at]} instead of ${expected.data[at]}`;
}

const isClose = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= ABSOLUTE + RELATIVE * Math.abs(b);
