import { fail } from '../analysis/nests.ts';
import { listOf, nonNegative, scalar, text } from '../fields.ts';
import type { Primitive } from '../step.ts';

/**
 * Records a decision of the search space that the trace comes from; the steps after it follow from it. It changes nothing
 * itself. After MetaSchedule's instruction of that name (Shao et al., 2022).
 *
 *   sample-categorical name=conv.rows candidates=[1,2,4,5] decision=3
 */
export const sampleCategorical: Primitive<'sample-categorical'> = {
  name: 'sample-categorical',
  fields: { name: text, candidates: listOf(scalar), decision: nonNegative },
  apply: (func, { name, candidates, decision }) =>
    decision < candidates.length
      ? func
      : fail(func, `decision '${name}'`, `there are ${candidates.length} candidates and no number ${decision}`),
};
