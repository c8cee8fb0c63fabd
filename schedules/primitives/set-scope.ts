import type { Scope } from '../../ir/tensor/tensor-func.ts';
import { update } from '../../ir/tensor/visit.ts';
import { requireLoopKinds } from '../analysis/carried.ts';
import { fail, findBuffer } from '../analysis/nests.ts';
import { oneOf, text } from '../fields.ts';
import type { Primitive } from '../step.ts';

export const scopes: readonly Scope[] = ['global', 'thread', 'workgroup', 'local'];

/**
 * Chooses where a temporary buffer lives.
 *
 *   temp %acc: f32[4, 8] global  →  temp %acc: f32[4, 8] local
 */
export const setScope: Primitive<'set-scope'> = {
  name: 'set-scope',
  fields: { buffer: text, scope: oneOf(scopes) },
  apply: (func, { buffer, scope }) => {
    findBuffer(func, buffer);
    if (!func.temps.some((temp) => temp.name === buffer))
      fail(func, `buffer '${buffer}'`, 'only a temp can change its scope');
    const temps = func.temps.map((temp) => (temp.name === buffer ? update(temp, { scope }) : temp));
    return requireLoopKinds(update(func, { temps }));
  },
};
