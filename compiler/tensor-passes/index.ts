import type { UnaryOp } from '../../ir/scalar.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { commonSubexpressions } from './common-subexpressions.ts';
import { compactBuffers } from './compact-buffers.ts';
import { dotProducts } from './dot-products.ts';
import { dropGuards } from './drop-guards.ts';
import { flattenBuffers } from './flatten-buffers.ts';
import { hoistInvariants } from './hoist-invariants.ts';
import { interleave } from './interleave.ts';
import { joinGuards } from './join-guards.ts';
import { joinLoads } from './join-loads.ts';
import { legalizeFunctions, legalizeMath } from './legalize-math.ts';
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

/** What drivers of GPUs compute well enough. */
const nativeMath: ReadonlySet<UnaryOp> = new Set<UnaryOp>(['exp', 'log', 'tanh', 'sigmoid']);

/**
 * The same for WebGPU: loops over workgroups and invocations stay, and so do the functions that its shaders have. Small
 * integers have no products of their own there, and drivers order instructions themselves.
 */
export const webgpuPasses: readonly TensorPass[] = [
  { name: 'compact-buffers', run: compactBuffers },
  { name: 'drop-guards', run: dropGuards },
  { name: 'lower-blocks', run: lowerBlocks },
  { name: 'vectorize', run: vectorize },
  { name: 'legalize-math', run: (func) => legalizeFunctions(func, { native: nativeMath, reassociates: true }) },
  { name: 'flatten-buffers', run: flattenBuffers },
  { name: 'unroll', run: unroll },
  { name: 'join-guards', run: joinGuards },
  { name: 'join-loads', run: joinLoads },
  { name: 'promote-locals', run: promoteLocals },
  { name: 'hoist-invariants', run: hoistInvariants },
  { name: 'common-subexpressions', run: (func) => commonSubexpressions(func, { rowsOfProducts: false }) },
];

type Observe = (name: string, func: TensorFunc) => void;

/** Runs all passes in order. `observe` is called after each. */
export const lowerSchedule = (func: TensorFunc, observe?: Observe): TensorFunc =>
  runPasses(tensorPasses, func, observe);

export const lowerForWebgpu = (func: TensorFunc, observe?: Observe): TensorFunc =>
  runPasses(webgpuPasses, func, observe);

const runPasses = (passes: readonly TensorPass[], func: TensorFunc, observe: Observe | undefined): TensorFunc =>
  passes.reduce((current, { name, run }) => {
    const result = run(current);
    observe?.(name, result);
    return result;
  }, func);
