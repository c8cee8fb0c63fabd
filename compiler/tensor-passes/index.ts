import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { commonSubexpressions } from './common-subexpressions.ts';
import { compactBuffers } from './compact-buffers.ts';
import { dotProducts } from './dot-products.ts';
import { flattenBuffers } from './flatten-buffers.ts';
import { hoistInvariants } from './hoist-invariants.ts';
import { interleave } from './interleave.ts';
import { legalizeMath } from './legalize-math.ts';
import { lowerBlocks } from './lower-blocks.ts';
import { partitionLoops } from './partition-loops.ts';
import { promoteLocals } from './promote-locals.ts';
import { serializeThreads } from './serialize-threads.ts';
import { unroll } from './unroll.ts';
import { vectorize } from './vectorize.ts';

export interface TensorPass {
  readonly name: string;
  readonly run: (func: TensorFunc) => TensorFunc;
}

/**
 * The way from a scheduled function to the flat form that code generators take: no blocks, loops serial or parallel,
 * one-dimensional buffers in memory, vectors of four lanes, registers and repeated values named by lets.
 */
export const tensorPasses: readonly TensorPass[] = [
  { name: 'compact-buffers', run: compactBuffers },
  { name: 'serialize-threads', run: serializeThreads },
  { name: 'lower-blocks', run: lowerBlocks },
  { name: 'partition-loops', run: partitionLoops },
  { name: 'vectorize', run: vectorize },
  { name: 'legalize-math', run: legalizeMath },
  { name: 'flatten-buffers', run: flattenBuffers },
  { name: 'unroll', run: unroll },
  { name: 'dot-products', run: dotProducts },
  { name: 'interleave', run: interleave },
  { name: 'promote-locals', run: promoteLocals },
  { name: 'hoist-invariants', run: hoistInvariants },
  { name: 'common-subexpressions', run: commonSubexpressions },
];

/** Runs all passes in order. `observe` is called after each. */
export function lowerSchedule(func: TensorFunc, observe?: (name: string, func: TensorFunc) => void): TensorFunc {
  return tensorPasses.reduce((current, { name, run }) => {
    const result = run(current);
    observe?.(name, result);
    return result;
  }, func);
}
