import type { Expr, LoopKind, ThreadAxis } from './tensor-func.ts';

/** Whether the iterations of a loop are the workgroups of a GPU, or the invocations of one. */
export const isThreadAxis = (kind: LoopKind): kind is ThreadAxis => kind.includes('.');

/** How many lanes an expression has: 1 for a scalar. Scalars and vectors do not mix but by `broadcast`. */
export function lanesOf(expr: Expr): number {
  switch (expr.kind) {
    case 'const':
    case 'extract':
      return 1;
    case 'var':
    case 'ramp':
    case 'broadcast':
      return expr.lanes;
    case 'load':
      return expr.indices.reduce((lanes, index) => Math.max(lanes, lanesOf(index)), 1);
    case 'unary':
    case 'cast':
    case 'bitcast':
      return lanesOf(expr.operand);
    case 'binary':
      return lanesOf(expr.left);
    case 'dot':
      return lanesOf(expr.left) / 2;
    case 'select':
      return lanesOf(expr.then);
  }
}
