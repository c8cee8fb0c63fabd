import { requireIndependent } from '../analysis/carried.ts';
import { findLoop } from '../analysis/nests.ts';
import { text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { withLoopKind } from './loop-kind.ts';

/**
 * Lets threads share the iterations of a loop, which must be independent of one another.
 *
 *   for i in 64 { … }  →  for i in 64 parallel { … }
 */
export const parallel: Primitive<'parallel'> = {
  name: 'parallel',
  fields: { loop: text },
  apply: (func, { loop }) => {
    const site = findLoop(func, loop);
    requireIndependent(func, site, 'parallel');
    return withLoopKind(func, site, 'parallel');
  },
};
