import { addDims, affineDim, bindDim, type Dim, divideDim, isStatic, type Shape, scaleDim, symbolDim } from '../dim.ts';
import type { TensorFunc } from '../tensor/tensor-func.ts';

type Solution = { readonly symbol: string; readonly value: Dim };

/** What the symbol of `dim` must be to give `actual`, where only one is left that `values` does not hold. */
function solve(dim: Dim, actual: Dim, values: ReadonlyMap<string, Dim>): Solution | undefined {
  if (isStatic(dim)) return undefined;
  const open = dim.terms.filter(({ symbol }) => !values.has(symbol));
  const [unknown] = open;
  if (unknown === undefined || open.length > 1) return undefined;
  const rest = affineDim(
    dim.constant,
    dim.terms.filter((term) => term !== unknown),
  );
  const value = quotient(addDims(actual, scaleDim(bindDim(rest, values), -1)), unknown.coefficient);
  return value === undefined ? undefined : { symbol: unknown.symbol, value };
}

const quotient = (dim: Dim, divisor: number): Dim | undefined =>
  divisor < 0 ? divideDim(scaleDim(dim, -1), -divisor) : divideDim(dim, divisor);

/**
 * The values of the symbols of `patterns` for which they become `actual`, as far as single dimensions tell. Says
 * nothing about whether all of them then match: compare with `bindDim`.
 */
export function solveSymbols(patterns: readonly Shape[], actual: readonly Shape[]): ReadonlyMap<string, Dim> {
  const pairs = patterns.flatMap((shape, i) => shape.map((dim, axis) => [dim, actual[i]?.[axis]] as const));
  const values = new Map<string, Dim>();
  for (let before = -1; before < values.size; ) {
    before = values.size;
    for (const [dim, found] of pairs) {
      const solution = found === undefined ? undefined : solve(dim, found, values);
      if (solution !== undefined) values.set(solution.symbol, solution.value);
    }
  }
  return values;
}

/**
 * What a function's sizes are in a call. The names of sizes are the function's own as far as its inputs' shapes tell
 * them; a size that they do not tell is the graph's symbol of the same name.
 */
export function solveSizes(func: TensorFunc, inputs: readonly Shape[]): ReadonlyMap<string, Dim> {
  const solved = solveSymbols(
    func.inputs.map(({ shape }) => shape),
    inputs,
  );
  return new Map(func.sizes.map((size) => [size, solved.get(size) ?? symbolDim(size)]));
}
