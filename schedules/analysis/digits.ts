import {
  addIntervals,
  commonQuotient,
  everything,
  type Interval,
  point,
  scaleInterval,
} from '../../ir/tensor/interval.ts';
import { gcd, linearOf } from '../../ir/tensor/linear.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';

/**
 * Integer expressions over loops as sums of digits. A loop that is divided by constants is a number in mixed radix:
 * floordiv(f, 8) and floormod(f, 8) are the two digits of f cut at 8, which vary as two loops would. A quotient of a sum
 * that does not come apart (floordiv(4*i + j, 7)) is a digit of the sum as a whole, which then is a source of its own.
 */
export interface DigitSum {
  readonly constant: number;
  readonly terms: ReadonlyMap<string, DigitTerm>;
}

export interface DigitTerm {
  readonly digit: Digit;
  readonly coefficient: number;
}

/** `floormod(floordiv(source, from), to / from)`; `to` is infinite for the highest digit of a source. */
export interface Digit {
  readonly source: string;
  readonly from: number;
  readonly to: number;
}

export interface Digits {
  /** For each expression its sum, or undefined where it has none: it loads memory, or multiplies loops. */
  readonly sums: readonly (DigitSum | undefined)[];
  /** The digits of a source, the highest first. */
  readonly digitsOf: (source: string) => readonly Digit[];
  readonly rangeOf: (digit: Digit) => Interval;
  /** Sums that are sources of their own. */
  readonly wholes: ReadonlyMap<string, DigitSum>;
}

type Cuts = ReadonlyMap<string, readonly number[]>;
type Ranges = ReadonlyMap<string, Interval>;

/** Enough for any schedule; what needs more is refused as not understood. */
const mostCuts = 64;

/** Writes expressions as sums of digits, all with the same cuts. */
export function digitize(exprs: readonly Expr[], ranges: Ranges): Digits {
  const cuts = new Map<string, readonly number[]>();
  for (let tries = 0; tries < mostCuts; tries++) {
    const radix = withCuts(ranges, cuts);
    const sums = exprs.map(radix.sumOf);
    const cut = radix.wanted[0];
    if (cut === undefined) return { ...radix, sums };
    cuts.set(
      cut.source,
      [...(cuts.get(cut.source) ?? []), cut.at].sort((a, b) => a - b),
    );
  }
  return { ...withCuts(ranges, cuts), sums: exprs.map(() => undefined) };
}

const keyOf = ({ source, from, to }: Digit): string => `${source}/${from}:${to}`;

interface Division {
  readonly quotient: DigitSum | undefined;
  readonly rest: DigitSum | undefined;
}
const notUnderstood: Division = { quotient: undefined, rest: undefined };

/** Sums under given cuts; `wanted` collects the cuts that were missing, and then the sums are not to be used. */
function withCuts(ranges: Ranges, cuts: Cuts) {
  const wholes = new Map<string, DigitSum>();
  const wanted: { readonly source: string; readonly at: number }[] = [];

  function digitsOf(source: string): readonly Digit[] {
    const points = [1, ...(cuts.get(source) ?? [])];
    return points.map((from, i) => ({ source, from, to: points[i + 1] ?? Infinity })).toReversed();
  }

  function rangeOf({ source, from, to }: Digit): Interval {
    const whole = wholes.get(source);
    const { min, max } = whole === undefined ? (ranges.get(source) ?? everything) : range(whole);
    const high = { min: Math.floor(min / from), max: Math.floor(max / from) };
    return to === Infinity || (high.min >= 0 && high.max < to / from) ? high : { min: 0, max: to / from - 1 };
  }

  const range = (sum: DigitSum): Interval =>
    [...sum.terms.values()]
      .map(({ digit, coefficient }) => scaleInterval(rangeOf(digit), coefficient))
      .reduce(addIntervals, point(sum.constant));

  function sumOf(expr: Expr): DigitSum | undefined {
    const { constant, terms } = linearOf(expr);
    return [...terms.values()].reduce<DigitSum | undefined>(
      (sum, { atom, coefficient }) => addScaled(sum, atomSum(atom), coefficient),
      { constant, terms: new Map() },
    );
  }

  function atomSum(atom: Expr): DigitSum | undefined {
    if (atom.kind === 'var') return join(digitsOf(atom.name), 1);
    if (atom.kind !== 'binary' || atom.right.kind !== 'const' || Number(atom.right.value) <= 0) return undefined;
    if (atom.op !== 'floordiv' && atom.op !== 'floormod') return undefined;
    const left = sumOf(atom.left);
    if (left === undefined) return undefined;
    const division = divide(left, Number(atom.right.value));
    return atom.op === 'floordiv' ? division.quotient : division.rest;
  }

  function divide(sum: DigitSum, divisor: number): Division {
    const floor = Math.floor(sum.constant / divisor);
    const [multiples, others] = partition(sum.terms, ({ coefficient }) => coefficient % divisor === 0);
    const rest: DigitSum = { constant: sum.constant - floor * divisor, terms: others };
    const common = commonQuotient(range(rest), divisor);
    if (common === undefined) {
      if (wantCut(rest, divisor)) return notUnderstood;
      return divideByParts(sum, divisor) ?? divideWhole(sum, divisor);
    }
    const divided = [...multiples].map(([key, t]) => [key, { ...t, coefficient: t.coefficient / divisor }] as const);
    return {
      quotient: { constant: floor + common, terms: new Map(divided) },
      rest: { constant: rest.constant - common * divisor, terms: others },
    };
  }

  /** Divides by a common divisor first, `by`, where the sum is `by · multiples + rest` with 0 ≤ rest < by. */
  function divideByParts(sum: DigitSum, divisor: number): Division | undefined {
    const candidates = new Set([...sum.terms.values()].map(({ coefficient }) => gcd(coefficient, divisor)));
    for (const by of [...candidates].toSorted((a, b) => b - a)) {
      if (by === 1 || by === divisor) continue;
      const [multiples, others] = partition(sum.terms, ({ coefficient }) => coefficient % by === 0);
      const floor = Math.floor(sum.constant / by);
      const rest: DigitSum = { constant: sum.constant - floor * by, terms: others };
      if (commonQuotient(range(rest), by) !== 0) continue;
      const terms = [...multiples].map(([key, t]) => [key, { ...t, coefficient: t.coefficient / by }] as const);
      const parts = divide({ constant: floor, terms: new Map(terms) }, divisor / by);
      return { quotient: parts.quotient, rest: addScaled(rest, parts.rest, by) };
    }
    return undefined;
  }

  /** Wants a cut of the digit that reaches over the divisor, where one does and what is below such cuts stays within it. */
  function wantCut(rest: DigitSum, divisor: number): boolean {
    const cutAt = ({ digit, coefficient }: DigitTerm): number | undefined => {
      const factor = divisor / coefficient;
      const reaches = Number.isInteger(factor) && factor > 1 && rangeOf(digit).max >= factor;
      const fits = digit.to === Infinity || (digit.to / digit.from) % factor === 0;
      return reaches && fits ? digit.from * factor : undefined;
    };
    const terms = [...rest.terms.values()];
    const below = terms.map((term) =>
      cutAt(term) === undefined
        ? scaleInterval(rangeOf(term.digit), term.coefficient)
        : { min: 0, max: divisor - term.coefficient },
    );
    const cut = terms.find((term) => cutAt(term) !== undefined);
    const at = cut === undefined ? undefined : cutAt(cut);
    const isWithin = commonQuotient(below.reduce(addIntervals, point(rest.constant)), divisor) !== undefined;
    if (cut === undefined || at === undefined || !isWithin) return false;
    wanted.push({ source: cut.digit.source, at });
    return true;
  }

  function divideWhole(sum: DigitSum, divisor: number): Division {
    const terms = [...sum.terms].map(([key, { coefficient }]) => `${coefficient}*${key}`);
    const source = `{${[...terms, sum.constant].join(' + ')}}`;
    wholes.set(source, sum);
    const digits = digitsOf(source);
    if (digits.some(({ from }) => from === divisor)) {
      const below = digits.filter(({ to }) => to <= divisor);
      return { quotient: join(digits, divisor), rest: join(below, 1) };
    }
    const cut = digits.find(({ from, to }) => from < divisor && divisor < to);
    const fits = cut !== undefined && divisor % cut.from === 0 && (cut.to === Infinity || cut.to % divisor === 0);
    if (fits) wanted.push({ source, at: divisor });
    return notUnderstood;
  }

  return { digitsOf, rangeOf, sumOf, wholes, wanted };
}

/** The number that the digits from a cut on make, in units of the cut. */
function join(digits: readonly Digit[], unit: number): DigitSum {
  const terms = digits.filter(({ from }) => from >= unit).map((digit) => ({ digit, coefficient: digit.from / unit }));
  return { constant: 0, terms: new Map(terms.map((term) => [keyOf(term.digit), term])) };
}

function addScaled(a: DigitSum | undefined, b: DigitSum | undefined, factor: number): DigitSum | undefined {
  if (a === undefined || b === undefined) return undefined;
  const terms = new Map(a.terms);
  for (const [key, { digit, coefficient }] of b.terms) {
    const sum = (terms.get(key)?.coefficient ?? 0) + coefficient * factor;
    if (sum === 0) terms.delete(key);
    else terms.set(key, { digit, coefficient: sum });
  }
  return { constant: a.constant + b.constant * factor, terms };
}

function partition<K, V>(
  map: ReadonlyMap<K, V>,
  holds: (value: V) => boolean,
): readonly [ReadonlyMap<K, V>, ReadonlyMap<K, V>] {
  const entries = [...map];
  return [new Map(entries.filter(([, v]) => holds(v))), new Map(entries.filter(([, v]) => !holds(v)))];
}
