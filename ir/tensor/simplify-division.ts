import type { BinaryOp } from '../scalar.ts';
import { boundsOfLinear, isDataForm, isNonNegative, type Knowledge } from './bounds.ts';
import { floordiv, floormod, int } from './build.ts';
import { exprKey } from './expr-key.ts';
import { commonQuotient, dtypeRange, intersect } from './interval.ts';
import {
  addLinear,
  addScaled,
  atomLinear,
  constantLinear,
  fromLinear,
  gcd,
  isConstant,
  type Linear,
  linearOf,
  scaleLinear,
  shiftLinear,
  splitMultiples,
  subtractLinear,
  type Term,
} from './linear.ts';

/**
 * `form floordiv divisor` for a positive divisor. Multiples of the divisor come out as they are, what is left falls
 * away where it stays within one multiple, and a common divisor of both is cancelled: `(8·i + 4·j + r) floordiv 8`
 * with 0 ≤ r < 4 is `i + j floordiv 2`.
 */
export function divideForm(form: Linear, divisor: number, known: Knowledge): Linear {
  if (divisor === 1) return form;
  const within = commonQuotientOf(form, divisor, known);
  if (within !== undefined) return constantLinear(within);
  if (isDataForm(form, known.ranges)) return atomLinear(floordiv(fromLinear(form), int(divisor)));
  const { quotient, rest } = splitMultiples(form, divisor);
  const common = commonQuotientOf(rest, divisor, known);
  return common === undefined ? addLinear(quotient, divideRest(rest, divisor, known)) : shiftLinear(quotient, common);
}

function divideRest(rest: Linear, divisor: number, known: Knowledge): Linear {
  const reduced = commonDivisor(rest, divisor, known);
  if (reduced !== undefined) return divideForm(reduced.multiples, divisor / reduced.by, known);
  const inner = soleTerm(rest, 'floordiv');
  if (inner !== undefined && Number.isSafeInteger(inner.divisor * divisor) && inner.divisor * divisor < 2 ** 31) {
    return divideForm(shiftLinear(inner.dividend, rest.constant * inner.divisor), divisor * inner.divisor, known);
  }
  return atomLinear(floordiv(fromLinear(rest), int(divisor)));
}

/** `form floormod divisor` for a positive divisor: `(8·i + 4·j + r) floormod 8` with 0 ≤ r < 4 is `4·(j floormod 2) + r`. */
export function remainderForm(form: Linear, divisor: number, known: Knowledge): Linear {
  if (divisor === 1) return constantLinear(0);
  const within = commonQuotientOf(form, divisor, known);
  if (within !== undefined) return shiftLinear(form, -within * divisor);
  if (isDataForm(form, known.ranges)) return atomLinear(floormod(fromLinear(form), int(divisor)));
  const { rest } = splitMultiples(form, divisor);
  const common = commonQuotientOf(rest, divisor, known);
  if (common !== undefined) return shiftLinear(rest, -common * divisor);
  const reduced = commonDivisor(rest, divisor, known);
  if (reduced !== undefined) {
    const multiples = remainderForm(reduced.multiples, divisor / reduced.by, known);
    return addLinear(scaleLinear(multiples, reduced.by), reduced.rest);
  }
  const inner = soleTerm(rest, 'floormod');
  if (inner !== undefined && inner.divisor % divisor === 0) {
    return remainderForm(shiftLinear(inner.dividend, rest.constant), divisor, known);
  }
  return atomLinear(floormod(fromLinear(rest), int(divisor)));
}

/** Bounds of data are those of i32 where the sum may wrap around. */
function commonQuotientOf(form: Linear, divisor: number, known: Knowledge): number | undefined {
  const bounds = boundsOfLinear(form, known.ranges);
  const sound = !isDataForm(form, known.ranges) || fitsInt(bounds);
  return sound ? commonQuotient(bounds, divisor) : undefined;
}

const fitsInt = (bounds: { readonly min: number; readonly max: number }): boolean => {
  const kept = intersect(bounds, dtypeRange('i32'));
  return kept.min === bounds.min && kept.max === bounds.max;
};

interface Reduced {
  readonly by: number;
  readonly multiples: Linear;
  readonly rest: Linear;
}

/** The greatest divisor `by` of `divisor` such that the form is `by · multiples + rest` with 0 ≤ rest < by. */
function commonDivisor(form: Linear, divisor: number, known: Knowledge): Reduced | undefined {
  const candidates = new Set([...form.terms.values()].map(({ coefficient }) => gcd(coefficient, divisor)));
  for (const by of [...candidates].filter((candidate) => candidate > 1).sort((a, b) => b - a)) {
    const { quotient, rest } = splitMultiples(form, by);
    if (commonQuotientOf(rest, by, known) === 0) return { by, multiples: quotient, rest };
  }
  return undefined;
}

interface Inner {
  readonly dividend: Linear;
  readonly divisor: number;
}

/** Takes apart `x op c + constant`, with a positive c. */
function soleTerm(form: Linear, op: BinaryOp): Inner | undefined {
  const [term, second] = [...form.terms.values()];
  if (term === undefined || second !== undefined || term.coefficient !== 1) return undefined;
  return divisionOf(term, op);
}

function divisionOf({ atom }: Term, op: BinaryOp): Inner | undefined {
  if (atom.kind !== 'binary' || atom.op !== op || atom.right.kind !== 'const') return undefined;
  const divisor = Number(atom.right.value);
  return divisor > 0 ? { dividend: linearOf(atom.left), divisor } : undefined;
}

/** Whether 0 ≤ form < divisor, for a divisor that is no constant. */
export const isReduced = (form: Linear, divisor: Linear, known: Knowledge): boolean =>
  ![form, divisor].some((part) => isDataForm(part, known.ranges)) &&
  isNonNegative(form, known) &&
  isNonNegative(shiftLinear(subtractLinear(divisor, form), -1), known);

/** Puts `(x floordiv c)·c + x floormod c` together to x, wherever both occur in a sum in the same proportion. */
export function joinDivisions(form: Linear, known: Knowledge): Linear {
  for (const term of form.terms.values()) {
    const joined = joinRemainder(form, term, known);
    if (joined !== undefined) return joinDivisions(joined, known);
  }
  return form;
}

function joinRemainder(form: Linear, remainder: Term, known: Knowledge): Linear | undefined {
  const division = divisionOf(remainder, 'floormod');
  if (division === undefined || isDataForm(division.dividend, known.ranges)) return undefined;
  const quotient = divideForm(division.dividend, division.divisor, known);
  const [term, second] = [...quotient.terms.values()];
  if (term === undefined || second !== undefined || term.coefficient !== 1 || isConstant(quotient)) return undefined;
  const found = form.terms.get(exprKey(term.atom))?.coefficient;
  const factor = remainder.coefficient;
  if (found !== factor * division.divisor) return undefined;
  const removed = addScaled(addScaled(form, quotient, -factor * division.divisor), atomLinear(remainder.atom), -factor);
  return addScaled(removed, division.dividend, factor);
}
