import { ScheduleError } from '../../ir/errors.ts';
import { type BinaryOp, type UnaryOp, unaryOps } from '../../ir/scalar.ts';
import { walk } from '../../ir/tensor/visit.ts';
import { readersOf, writtenBy } from '../analysis/accesses.ts';
import { readsMemory } from '../analysis/extents.ts';
import { type BlockSite, blockSites } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';

const cheap: ReadonlySet<UnaryOp> = new Set<UnaryOp>([
  'neg',
  'abs',
  'sign',
  'floor',
  'ceil',
  'round',
  'sqrt',
  'not',
  'bitnot',
  'isnan',
]);

/** Operations that take many instructions: computed once and kept rather than again in each consumer. */
const costly: ReadonlySet<UnaryOp | BinaryOp> = new Set<UnaryOp | BinaryOp>([
  ...unaryOps.filter((op) => !cheap.has(op)),
  'pow',
  'mod',
  'floormod',
]);

/** Inlines every block that only computes elements for others, but for costly ones with several consumers. */
export function inlineElementwise(schedule: Schedule): void {
  for (const { block } of blockSites(schedule.func)) {
    const site = blockSites(schedule.func).find((candidate) => candidate.block.name === block.name);
    if (site === undefined || !worthInlining(schedule, site)) continue;
    attempt(() => schedule.apply({ primitive: 'compute-inline', block: block.name }));
  }
}

function worthInlining(schedule: Schedule, site: BlockSite): boolean {
  const { func } = schedule;
  const [buffer] = writtenBy(site);
  const isTemp = func.temps.some((temp) => temp.name === buffer);
  const isSpatial = site.block.iters.every((iter) => iter.kind === 'spatial');
  const isMarked = site.block.annotations?.['winograd'] !== undefined;
  if (buffer === undefined || !isTemp || !isSpatial || isMarked) return false;
  if (readersOf(blockSites(func), buffer).length <= 1) return true;
  return schedule.sample(`${site.block.name}.inline`, [true, false], !isCostly(site));
}

function isCostly(site: BlockSite): boolean {
  let found = false;
  walk(site.block.body, {
    expr: (expr) => {
      // Arithmetic on indices is the compiler's.
      if (expr.dtype === 'i32' && !readsMemory(expr)) return;
      if ((expr.kind === 'unary' || expr.kind === 'binary') && costly.has(expr.op)) found = true;
    },
  });
  return found;
}

/** Runs steps of which one may not be legal. Says whether all were; steps that return false say themselves. */
export function attempt(steps: () => unknown): boolean {
  try {
    return steps() !== false;
  } catch (error) {
    if (error instanceof ScheduleError) return false;
    throw error;
  }
}
