import { requireLoopKinds, threadAxes } from '../analysis/carried.ts';
import { findLoop } from '../analysis/nests.ts';
import { oneOf, text } from '../fields.ts';
import type { Primitive } from '../step.ts';
import { withLoopKind } from './loop-kind.ts';

/**
 * Runs the iterations of a loop as the workgroups of a GPU, or as the invocations of one workgroup, along one axis.
 * They must be independent of one another, and an axis has only one loop in a nest.
 *
 *   for i in 64 { … }  →  for i in 64 workgroup.x { … }
 */
export const bind: Primitive<'bind'> = {
  name: 'bind',
  fields: { loop: text, axis: oneOf(threadAxes) },
  apply: (func, { loop, axis }) => requireLoopKinds(withLoopKind(func, findLoop(func, loop), axis)),
};
