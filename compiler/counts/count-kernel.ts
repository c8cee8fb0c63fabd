import { byteSize } from '../../ir/dtype.ts';
import { UnsupportedError } from '../../ir/errors.ts';
import type { Ranges } from '../../ir/tensor/bounds.ts';
import type { For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { mapChildren } from '../../ir/tensor/visit.ts';
import { type Target, wasmSimd } from '../../schedules/target/target.ts';
import { staticElements } from '../static-shape.ts';
import { type Counts, instructionsOf } from './counts.ts';
import { mostVectorsAlive } from './live-vectors.ts';
import { rangesInside, roundsOf, type Tally, tallyOf } from './tally.ts';

/** A loop that has no loop inside. */
export interface LoopCounts {
  readonly loopVar: string;
  /** How often its body is run in a run of the kernel. */
  readonly rounds: number;
  /** Of one round. */
  readonly counts: Counts;
  readonly vectorsAlive: number;
}

export interface KernelCounts {
  /** Of one run. */
  readonly counts: Counts;
  /** Bytes of memory that a run touches, each once: of a buffer, no more than it has and than are accessed. */
  readonly footprint: number;
  /** The innermost loops, those first in which most is executed. */
  readonly loops: readonly LoopCounts[];
}

/**
 * Counts what a kernel in flat form executes, without running it: exact where it has neither conditions nor extents
 * that change, else at most that. Throws UnsupportedError for a kernel with sizes that are known only at run time.
 */
export function countKernel(func: TensorFunc, target: Target = wasmSimd): KernelCounts {
  if (func.sizes.length > 0)
    throw new UnsupportedError([`${func.name}: counts of a kernel whose sizes ${func.sizes.join(', ')} are not known`]);
  const tally = tallyOf(func.body, new Map(), target);
  return { counts: tally.counts, footprint: footprintOf(func, tally), loops: innermostLoops(func.body, target) };
}

const footprintOf = (func: TensorFunc, { accessed }: Tally): number =>
  [...func.inputs, ...func.outputs, ...func.temps].reduce(
    (sum, { name, dtype, shape }) => sum + Math.min(staticElements(shape) * byteSize(dtype), accessed.get(name) ?? 0),
    0,
  );

function innermostLoops(body: Stmt, target: Target): readonly LoopCounts[] {
  const found: LoopCounts[] = [];
  /** Whether there is a loop at or below the statement, which runs so often. */
  const visit = (stmt: Stmt, times: number, ranges: Ranges): boolean => {
    const rounds = stmt.kind === 'for' ? times * roundsOf(stmt, ranges) : times;
    const inner = rangesInside(stmt, ranges);
    let hasLoop = false;
    mapChildren(stmt, {
      expr: (expr) => expr,
      stmt: (child) => {
        hasLoop = visit(child, rounds, inner) || hasLoop;
        return child;
      },
    });
    if (stmt.kind === 'for' && !hasLoop) found.push(countLoop(stmt, rounds, inner, target));
    return hasLoop || stmt.kind === 'for';
  };
  visit(body, 1, new Map());
  const executed = ({ rounds, counts }: LoopCounts): number => rounds * instructionsOf(counts);
  return found.sort((a, b) => executed(b) - executed(a));
}

const countLoop = ({ loopVar, body }: For, rounds: number, ranges: Ranges, target: Target): LoopCounts => ({
  loopVar,
  rounds,
  counts: tallyOf(body, ranges, target).counts,
  vectorsAlive: mostVectorsAlive(body, target),
});
