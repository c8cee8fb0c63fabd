import { seq } from '../../ir/tensor/build.ts';
import type { Expr, Stmt, Var } from '../../ir/tensor/tensor-func.ts';

/** A value that is computed before statement `start` of a run and used up to statement `end`. */
export interface NamedValue {
  readonly name: Var;
  readonly expr: Expr;
  /** The statement that the expression was taken from. */
  readonly home: number;
  readonly start: number;
  end: number;
  /** Of the values that start together, those that others are made of have the lower ranks. */
  rank: number;
  /** How many lets stand around its own; undefined where it got none. */
  depth?: number;
}

export interface Parts {
  readonly stmt: (at: number) => Stmt;
  readonly value: (item: NamedValue) => Expr;
}

/** Deeper nests of lets are of no use to an engine with 16 registers, and every pass recurs into them. */
const deepest = 64;

/**
 * Puts lets around the statements of a run, each around those from its value's start to its end. Where two overlap,
 * the one that starts first is made to end last. Long-lived values come first.
 */
export function nestValues(length: number, items: readonly NamedValue[], parts: Parts): Stmt {
  const ordered = [...items].sort((a, b) => a.start - b.start || b.end - a.end || a.rank - b.rank);
  const kept = closeOverlaps(ordered);
  return build(0, length - 1, kept, parts);
}

/** Makes the intervals a tree; what would be nested too deeply gets no let. */
function closeOverlaps(ordered: readonly NamedValue[]): readonly NamedValue[] {
  const open: NamedValue[] = [];
  const kept: NamedValue[] = [];
  for (const item of ordered) {
    while (open.length > 0 && (open.at(-1) as NamedValue).end < item.start) open.pop();
    if (open.length >= deepest) continue;
    for (let i = open.length - 1; i >= 0; i--) {
      const outer = open[i] as NamedValue;
      if (outer.end >= item.end) break;
      outer.end = item.end;
    }
    item.depth = open.length;
    open.push(item);
    kept.push(item);
  }
  return kept;
}

/** The statements from `from` to `to` with the lets of `items`, which are in order and within them. */
function build(from: number, to: number, items: readonly NamedValue[], parts: Parts): Stmt {
  const stmts: Stmt[] = [];
  let next = 0;
  for (let at = from; at <= to; ) {
    const item = items[next];
    if (item === undefined || item.start > at) {
      stmts.push(parts.stmt(at));
      at++;
      continue;
    }
    let last = next + 1;
    while (last < items.length && (items[last] as NamedValue).start <= item.end) last++;
    const body = build(at, item.end, items.slice(next + 1, last), parts);
    stmts.push({ kind: 'let', name: item.name.name, mutable: false, value: parts.value(item), body });
    at = item.end + 1;
    next = last;
  }
  return seq(stmts);
}
