import { update } from '../../ir/tensor/visit.ts';
import { blockSites, fail, loopSites, mapNests } from '../analysis/nests.ts';
import { scalar, text } from '../fields.ts';
import type { Primitive } from '../step.ts';

/**
 * Puts a mark on a loop or block, for a later pass to read. It changes nothing of what the function computes.
 *
 *   for i in 64 { … }  →  for i in 64 {key = "value"} { … }
 */
export const annotate: Primitive<'annotate'> = {
  name: 'annotate',
  fields: { target: text, key: text, value: scalar },
  apply: (func, { target, key, value }) => {
    const loops = loopSites(func).map(({ loop }) => loop.loopVar);
    const blocks = blockSites(func).map(({ block }) => block.name);
    const found = [...loops, ...blocks].filter((name) => name === target).length;
    const all = `there are loops ${loops.join(', ')} and blocks ${blocks.join(', ')}`;
    if (found === 0) fail(func, `'${target}'`, `there is no such loop or block; ${all}`);
    if (found > 1) fail(func, `'${target}'`, `the name means both a loop and a block; ${all}`);
    const body = mapNests(func.body, (node) => {
      const name = node.kind === 'for' ? node.loopVar : node.name;
      return name === target ? update(node, { annotations: { ...node.annotations, [key]: value } }) : node;
    });
    return update(func, { body });
  },
};
