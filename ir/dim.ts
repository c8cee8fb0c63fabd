/**
 * A dimension: an integer, or an affine expression over named symbols, `constant + Σ coefficient · symbol`.
 * Terms are sorted by symbol, no coefficient is zero and an expression without terms is a plain number, so that equal
 * dimensions are structurally equal.
 */
export type Dim = number | AffineDim;

export interface AffineDim {
  readonly constant: number;
  readonly terms: readonly DimTerm[];
}

export interface DimTerm {
  readonly symbol: string;
  readonly coefficient: number;
}

export type Shape = readonly Dim[];

export const isStatic = (dim: Dim): dim is number => typeof dim === 'number';

export function symbolDim(symbol: string): Dim {
  return { constant: 0, terms: [{ symbol, coefficient: 1 }] };
}

const parts = (dim: Dim): AffineDim => (isStatic(dim) ? { constant: dim, terms: [] } : dim);

/** Brings an affine expression into its canonical form. */
export function affineDim(constant: number, terms: readonly DimTerm[]): Dim {
  const sums = new Map<string, number>();
  for (const { symbol, coefficient } of terms) sums.set(symbol, (sums.get(symbol) ?? 0) + coefficient);
  const kept = [...sums].filter(([, coefficient]) => coefficient !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  return kept.length === 0
    ? constant
    : { constant, terms: kept.map(([symbol, coefficient]) => ({ symbol, coefficient })) };
}

export function addDims(a: Dim, b: Dim): Dim {
  const [left, right] = [parts(a), parts(b)];
  return affineDim(left.constant + right.constant, [...left.terms, ...right.terms]);
}

export function scaleDim(dim: Dim, factor: number): Dim {
  const { constant, terms } = parts(dim);
  return affineDim(
    constant * factor,
    terms.map(({ symbol, coefficient }) => ({ symbol, coefficient: coefficient * factor })),
  );
}

/** The product, or undefined where it is not affine. */
export function multiplyDims(a: Dim, b: Dim): Dim | undefined {
  if (isStatic(a)) return scaleDim(b, a);
  return isStatic(b) ? scaleDim(a, b) : undefined;
}

/** The exact quotient by a positive integer, or undefined where it is not affine with integer coefficients. */
export function divideDim(dim: Dim, divisor: number): Dim | undefined {
  const { constant, terms } = parts(dim);
  if ([constant, ...terms.map((term) => term.coefficient)].some((value) => value % divisor !== 0)) return undefined;
  // Not `scaleDim(dim, 1 / divisor)`: 49 · (1/49) is less than 1.
  const quotients = terms.map(({ symbol, coefficient }) => ({ symbol, coefficient: coefficient / divisor }));
  return affineDim(constant / divisor, quotients);
}

export function dimEquals(a: Dim, b: Dim): boolean {
  if (isStatic(a) || isStatic(b)) return a === b;
  return (
    a.constant === b.constant &&
    a.terms.length === b.terms.length &&
    a.terms.every(
      ({ symbol, coefficient }, i) => symbol === b.terms[i]?.symbol && coefficient === b.terms[i]?.coefficient,
    )
  );
}

export const shapeEquals = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, i) => dimEquals(dim, b[i] as Dim));

/** Replaces the symbols that `values` names. */
export function bindDim(dim: Dim, values: ReadonlyMap<string, Dim>): Dim {
  if (isStatic(dim)) return dim;
  return dim.terms.reduce<Dim>(
    (sum, { symbol, coefficient }) => addDims(sum, scaleDim(values.get(symbol) ?? symbolDim(symbol), coefficient)),
    dim.constant,
  );
}

export const dimSymbols = (dim: Dim): readonly string[] => (isStatic(dim) ? [] : dim.terms.map((term) => term.symbol));

const bareSymbol = /^[A-Za-z_][A-Za-z0-9_.]*$/;

/** `2*seq+1`; a symbol that is no plain word is quoted as a JSON string. */
export function printDim(dim: Dim): string {
  if (isStatic(dim)) return String(dim);
  const terms = dim.terms.map(({ symbol, coefficient }) => {
    const name = bareSymbol.test(symbol) ? symbol : JSON.stringify(symbol);
    return coefficient === 1 ? name : `${coefficient}*${name}`;
  });
  const text = dim.constant === 0 ? terms : [...terms, String(dim.constant)];
  return text.reduce((sum, term) => (term.startsWith('-') ? sum + term : `${sum}+${term}`));
}

export const printShape = (shape: Shape): string => `[${shape.map(printDim).join(', ')}]`;
