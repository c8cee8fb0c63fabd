import { type Interval, indexDifference, isDataForm, type Knowledge, type Ranges } from './bounds.ts';
import { everything, intersect } from './interval.ts';
import { isConstant, type Linear, scaleLinear, shiftLinear } from './linear.ts';
import type { Binary, Expr } from './tensor-func.ts';

/** What is known where a condition holds (or, with `truth` false, where it does not). */
export function assume(known: Knowledge, cond: Expr, truth = true): Knowledge {
  if (cond.kind === 'unary' && cond.op === 'not') return assume(known, cond.operand, !truth);
  if (cond.kind !== 'binary') return known;
  if (cond.op === 'and' && truth) return assume(assume(known, cond.left), cond.right);
  if (cond.op === 'or' && !truth) return assume(assume(known, cond.left, false), cond.right, false);
  return consequences(cond, truth, known.ranges).reduce(assumeNonNegative, known);
}

/** The linear forms that are not negative where a comparison holds (or does not). */
function consequences({ op, left, right }: Binary, truth: boolean, ranges: Ranges): readonly Linear[] {
  const difference = indexDifference(left, right, ranges);
  if (difference === undefined) return [];
  const opposite = scaleLinear(difference, -1);
  switch (op) {
    case 'lt':
      return [truth ? shiftLinear(difference, -1) : opposite];
    case 'le':
      return [truth ? difference : shiftLinear(opposite, -1)];
    case 'gt':
      return [truth ? shiftLinear(opposite, -1) : difference];
    case 'ge':
      return [truth ? opposite : shiftLinear(difference, -1)];
    case 'eq':
      return truth ? [difference, opposite] : [];
    case 'ne':
      return truth ? [] : [difference, opposite];
    default:
      return [];
  }
}

/** Adds that a form is not negative: to the range of a variable where it is the only term, else to the facts. */
export function assumeNonNegative(known: Knowledge, form: Linear): Knowledge {
  if (isConstant(form) || isDataForm(form, known.ranges)) return known;
  const [term, second] = [...form.terms.values()];
  if (second !== undefined || term?.atom.kind !== 'var') return { ...known, facts: [...known.facts, form] };
  const limit = -form.constant / term.coefficient;
  const range =
    term.coefficient > 0 ? { ...everything, min: Math.ceil(limit) } : { ...everything, max: Math.floor(limit) };
  return narrow(known, term.atom.name, range);
}

export function narrow(known: Knowledge, name: string, range: Interval): Knowledge {
  const before = known.ranges.get(name);
  const narrowed = intersect(before ?? everything, range);
  if (before !== undefined && narrowed.min === before.min && narrowed.max === before.max) return known;
  // What contradicts the ranges is not reached; an empty interval would let anything be proved of what stands there.
  if (narrowed.min > narrowed.max) return known;
  return { ...known, ranges: new Map(known.ranges).set(name, narrowed) };
}
