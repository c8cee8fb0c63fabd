import { byteSize } from '../../ir/dtype.ts';
import { boundsOf, type Ranges } from '../../ir/tensor/bounds.ts';
import { hull, type Interval } from '../../ir/tensor/interval.ts';
import type { Expr, For, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapChildren, walkExpr } from '../../ir/tensor/visit.ts';
import type { KernelCounts, LoopCounts } from '../counts/count-kernel.ts';
import { instructionsOf } from '../counts/counts.ts';
import { rangesInside, roundsOf } from '../counts/tally.ts';
import { staticElements } from '../static-shape.ts';

/** An innermost loop of a kernel, with the loops around it, the innermost first. */
export interface HotLoop {
  readonly func: TensorFunc;
  readonly loop: For;
  readonly outer: readonly For[];
  /** The most rounds of one run of it, in the first round of the loops around it. */
  readonly extent: number;
  readonly counts: LoopCounts;
}

/** Instructions that all rounds of a loop execute. */
export const executedIn = ({ rounds, counts }: LoopCounts): number => rounds * instructionsOf(counts);

/** The innermost loops of a kernel's phases in flat form, those first in which most is executed. */
export function hotLoops(phases: readonly TensorFunc[], counted: readonly KernelCounts[]): readonly HotLoop[] {
  const found = phases.flatMap((func, i) => {
    const loops = loopsOf(func.body);
    return (counted[i]?.loops ?? []).flatMap((counts): HotLoop[] => {
      const nest = loops.get(counts.loopVar);
      return nest === undefined
        ? []
        : [{ func, ...nest, extent: roundsOf(nest.loop, firstRounds(func, nest.loop)), counts }];
    });
  });
  return found.sort((a, b) => executedIn(b.counts) - executedIn(a.counts));
}

interface Nest {
  readonly loop: For;
  readonly outer: readonly For[];
}

function loopsOf(body: Stmt): ReadonlyMap<string, Nest> {
  const loops = new Map<string, Nest>();
  const visit = (stmt: Stmt, outer: readonly For[]): Stmt => {
    if (stmt.kind === 'for') loops.set(stmt.loopVar, { loop: stmt, outer });
    const inside = stmt.kind === 'for' ? [stmt, ...outer] : outer;
    return mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => visit(child, inside) });
  };
  visit(body, []);
  return loops;
}

/** Bytes of memory that a run of a loop accesses. */
export interface Accesses {
  /** An element as often as it is accessed. */
  readonly accessed: number;
  /** Each once, about: of a buffer, from the first element to the last, and no more than are accessed. */
  readonly touched: number;
}

/** What a loop accesses in the first round of those around it. */
export function accessesIn(func: TensorFunc, loop: For): Accesses {
  const found = new Map<string, Interval & { readonly elements: number }>();
  const access = (buffer: string, indices: readonly Expr[], ranges: Ranges, times: number): void => {
    const index = indices.at(-1);
    if (index === undefined) return;
    const { elements, ...span } = found.get(buffer) ?? { ...nothing, elements: 0 };
    found.set(buffer, { ...hull(span, boundsOf(index, ranges)), elements: elements + times * lanesOf(index) });
  };
  const visit = (stmt: Stmt, ranges: Ranges, times: number): void => {
    const rounds = stmt.kind === 'for' ? times * roundsOf(stmt, ranges) : times;
    const inner = rangesInside(stmt, ranges);
    if (stmt.kind === 'store') access(stmt.buffer, stmt.indices, ranges, times);
    mapChildren(stmt, {
      expr: (expr) => {
        walkExpr(expr, (node) => {
          if (node.kind === 'load') access(node.buffer, node.indices, ranges, times);
        });
        return expr;
      },
      stmt: (child) => {
        visit(child, inner, rounds);
        return child;
      },
    });
  };
  visit(loop, firstRounds(func, loop), 1);
  let [accessed, touched] = [0, 0];
  for (const { name, dtype, shape } of [...func.inputs, ...func.outputs, ...func.temps]) {
    const { min, max, elements } = found.get(name) ?? { ...nothing, elements: 0 };
    accessed += elements * byteSize(dtype);
    touched += Math.min(elements, max - min + 1, staticElements(shape)) * byteSize(dtype);
  }
  return { accessed, touched };
}

/** No element: its hull with any interval is that interval. */
const nothing: Interval = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };

/** What variables are inside a loop in the first round of those around it. */
function firstRounds(func: TensorFunc, loop: For): Ranges {
  let found: Ranges = new Map();
  const visit = (stmt: Stmt, ranges: Ranges): Stmt => {
    if (stmt === loop) found = ranges;
    const first = stmt.kind === 'for' ? new Map(ranges).set(stmt.loopVar, { min: 0, max: 0 }) : undefined;
    const inside = first ?? rangesInside(stmt, ranges);
    return mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => visit(child, inside) });
  };
  visit(func.body, new Map());
  return found;
}
