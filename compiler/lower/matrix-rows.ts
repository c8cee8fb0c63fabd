import { add, binary, constant, int, mul, select, sub, unary } from '../../ir/tensor/build.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';

export type Matrix = readonly (readonly number[])[];

/** To which sum of a row a column belongs. Sums that stand in several rows are computed once, where loops are unrolled. */
export type Grouping = (column: number) => number;

/** Rows that belong to the points p and -p are the sum and the difference of their even and their odd columns. */
export const byParity: Grouping = (column) => column % 2;

/** Columns that belong to the points p and -p, which follow that of 0, occur in a row as their sum or difference. */
export const byPair: Grouping = (column) => Math.ceil(column / 2);

/**
 * Element `row` of a constant matrix times a vector whose elements are given by `element`: a select by the row, whose
 * branches are sums without factors of 0 and 1. Where the row becomes constant, one sum is left.
 */
export function matrixRow(matrix: Matrix, row: Expr, grouping: Grouping, element: (column: Expr) => Expr): Expr {
  const sums = matrix.map((factors) => weightedSum(factors, grouping, element));
  return sums.reduceRight((otherwise, sum, at) => select(binary('eq', row, int(at)), sum, otherwise));
}

interface Term {
  readonly factor: number;
  readonly value: Expr;
}

function weightedSum(factors: readonly number[], grouping: Grouping, element: (column: Expr) => Expr): Expr {
  const terms = factors.flatMap((factor, column) => (factor === 0 ? [] : [{ factor, column }]));
  const groups = [...Map.groupBy(terms, ({ column }) => grouping(column)).values()];
  return sumOf(
    groups.map((group) => {
      // The sign and a common size of the factors stand outside, so that rows which differ in these share the sum.
      const sign = Math.sign(group.at(-1)?.factor ?? 1);
      const size = Math.abs(group[0]?.factor ?? 1);
      const common = sign * (group.every(({ factor }) => Math.abs(factor) === size) ? size : 1);
      const parts = group.map(({ factor, column }) => ({ factor: factor / common, value: element(int(column)) }));
      return { factor: common, value: sumOf(parts) };
    }),
  );
}

/** The terms that are added first, then those that are subtracted. */
function sumOf(terms: readonly Term[]): Expr {
  const [first, ...others] = [...terms].sort((a, b) => Number(b.factor > 0) - Number(a.factor > 0));
  if (first === undefined) return constant(0, 'f32');
  const start = first.factor > 0 ? scaled(first) : unary('neg', scaled(first));
  return others.reduce((sum, term) => (term.factor > 0 ? add(sum, scaled(term)) : sub(sum, scaled(term))), start);
}

/** The term by the size of its factor. */
function scaled({ factor, value }: Term): Expr {
  const size = Math.abs(factor);
  return size === 1 ? value : mul(value, constant(Math.fround(size), value.dtype));
}
