import { addIntervals, hull, type Interval, point, scaleInterval } from '../../ir/tensor/interval.ts';
import type { Expr } from '../../ir/tensor/tensor-func.ts';
import { type Digit, type DigitSum, type Digits, digitize } from './digits.ts';

export interface Separation {
  /** The indices of each access, all of one buffer, written over loops. */
  readonly accesses: readonly (readonly Expr[])[];
  readonly ranges: ReadonlyMap<string, Interval>;
  /** Variables that have one value for all accesses in question: outer loops and sizes. All others vary freely. */
  readonly fixed: ReadonlySet<string>;
}

/**
 * Whether the accesses touch disjoint elements for different values of a loop, whatever the values of the free
 * variables. In one dimension they do where the loop's coefficient is larger than all that varies beside it in finer
 * steps, and all of these together stay within one step of what is coarser; a loop
 * that has digits needs such a dimension for each of its digits, the higher ones being fixed and the lower ones free.
 */
export function separates(loop: string, { accesses, ranges, fixed }: Separation): boolean {
  const range = ranges.get(loop);
  if (range !== undefined && range.min === range.max) return true;
  const width = accesses[0]?.length ?? 0;
  const digits = digitize(accesses.flat(), ranges);
  const rows = accesses.map((_, i) => digits.sums.slice(i * width, (i + 1) * width));
  const isFixed = (source: string): boolean => sourcesIn(source, digits).every((name) => fixed.has(name));
  return sourceSeparates(loop, rows, digits, isFixed);
}

/** The loops that a source is made of. */
function sourcesIn(source: string, digits: Digits): readonly string[] {
  const whole = digits.wholes.get(source);
  if (whole === undefined) return [source];
  return [...whole.terms.values()].flatMap(({ digit }) => sourcesIn(digit.source, digits));
}

type Row = readonly (DigitSum | undefined)[];

function sourceSeparates(
  source: string,
  rows: readonly Row[],
  digits: Digits,
  isFixed: (source: string) => boolean,
): boolean {
  const own = digits.digitsOf(source).filter((digit) => !isConstant(digits.rangeOf(digit)));
  // A digit by itself, or by a sum as a whole: it tells the sum's values apart, and these the elements.
  return own.every(
    (digit) =>
      digitSeparates(digit, rows, digits, isFixed) ||
      [...digits.wholes]
        .filter(([whole]) => appears(whole, rows))
        .some(
          ([whole, sum]) =>
            digitSeparates(digit, [[sum]], digits, isFixed) && sourceSeparates(whole, rows, digits, isFixed),
        ),
  );
}

const appears = (source: string, rows: readonly Row[]): boolean =>
  rows.some((row) => row.some((sum) => sum && [...sum.terms.values()].some(({ digit }) => digit.source === source)));

const isConstant = ({ min, max }: Interval): boolean => min === max;

function digitSeparates(
  digit: Digit,
  rows: readonly Row[],
  digits: Digits,
  isFixed: (source: string) => boolean,
): boolean {
  const fixed = ({ source, from }: Digit): boolean => (source === digit.source ? from > digit.from : isFixed(source));
  const dims = rows[0]?.map((_, d) => rows.map((row) => row[d])) ?? [];
  return dims.some((sums) => {
    const views = sums.map((sum) => sum && viewOf(sum, digit, digits, fixed));
    const [first] = views;
    if (first === undefined || first.coefficient === 0) return false;
    let [spread, stride] = [first.free, 0];
    for (const view of views) {
      if (view === undefined || view.coefficient !== first.coefficient || view.fixed !== first.fixed) return false;
      spread = hull(spread, view.free);
      stride = gcd(stride, view.stride);
    }
    const [step, { min, max }] = [Math.abs(first.coefficient), digits.rangeOf(digit)];
    const beside = spread.max - spread.min;
    // What is coarser moves in strides that the digit and all that is finer never fill.
    return beside < step && (stride === 0 || step * (max - min) + beside < stride);
  });
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

interface View {
  readonly coefficient: number;
  /** What is fixed beside the digit, as a text to compare. */
  readonly fixed: string;
  /** What varies beside it in finer steps, and the stride of what varies in coarser ones; 0 where nothing does. */
  readonly free: Interval;
  readonly stride: number;
}

function viewOf(sum: DigitSum, digit: Digit, digits: Digits, isFixed: (digit: Digit) => boolean): View {
  const own = [...sum.terms.values()].find(({ digit: d }) => d.source === digit.source && d.from === digit.from);
  const coefficient = own?.coefficient ?? 0;
  let [free, stride] = [point(sum.constant), 0];
  const fixed: string[] = [];
  for (const [key, term] of sum.terms) {
    if (term === own) continue;
    if (isFixed(term.digit)) fixed.push(`${term.coefficient}*${key}`);
    else if (Math.abs(term.coefficient) > Math.abs(coefficient)) stride = gcd(stride, Math.abs(term.coefficient));
    else free = addIntervals(free, scaleInterval(digits.rangeOf(term.digit), term.coefficient));
  }
  return { coefficient, fixed: fixed.sort().join('+'), free, stride };
}
