import { findLoop } from '../analysis/nests.ts';
import { text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { requireConstant, withLoopKind } from './loop-kind.ts';

/**
 * Writes the iterations of a loop of constant extent one after the other.
 *
 *   for i in 4 { block … }  →  for i in 4 unrolled { block … }
 */
export const unroll: Primitive<'unroll'> = {
  name: 'unroll',
  fields: { loop: text },
  apply: (func, { loop }) => {
    const site = findLoop(func, loop);
    requireConstant(func, site, 'unrolled');
    return withLoopKind(func, site, 'unrolled');
  },
};
