import { requireIndependent } from '../analysis/carried.ts';
import { findLoop } from '../analysis/nests.ts';
import { text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { requireConstant, withLoopKind } from './loop-kind.ts';

/**
 * Runs all iterations of a loop at once, as lanes. Its extent must be constant and its iterations independent.
 *
 *   for j in 4 { block … }  →  for j in 4 vectorized { block … }
 */
export const vectorize: Primitive<'vectorize'> = {
  name: 'vectorize',
  fields: { loop: text },
  apply: (func, { loop }) => {
    const site = findLoop(func, loop);
    requireConstant(func, site, 'vectorized');
    requireIndependent(func, site, 'vectorized');
    return withLoopKind(func, site, 'vectorized');
  },
};
