import { assertNever } from '../errors.ts';
import type { Expr } from './tensor-func.ts';

/** A text that two expressions share exactly where they are structurally equal (0 and -0 differ, NaN equals itself). */
export function exprKey(expr: Expr): string {
  switch (expr.kind) {
    case 'const':
      return `${expr.dtype}:${Object.is(expr.value, -0) ? '-0' : expr.value}`;
    case 'var':
      return `${quote(expr.name)}:${expr.dtype}x${expr.lanes}`;
    case 'load':
      return `load(${quote(expr.buffer)}:${expr.dtype},${expr.indices.map(exprKey).join()})`;
    case 'unary':
      return `${expr.op}(${exprKey(expr.operand)})`;
    case 'binary':
      return `${expr.op}(${exprKey(expr.left)},${exprKey(expr.right)})`;
    case 'dot':
      return `dot(${exprKey(expr.left)},${exprKey(expr.right)})`;
    case 'select':
      return `select(${exprKey(expr.cond)},${exprKey(expr.then)},${exprKey(expr.else)})`;
    case 'cast':
    case 'bitcast':
      return `${expr.kind}<${expr.dtype}>(${exprKey(expr.operand)})`;
    case 'ramp':
      return `ramp<${expr.lanes}>(${exprKey(expr.base)})`;
    case 'broadcast':
      return `broadcast<${expr.lanes}>(${exprKey(expr.value)})`;
    case 'extract':
      return `extract<${expr.lane}>(${exprKey(expr.vector)})`;
    default:
      return assertNever(expr);
  }
}

/** Names hold any characters: their length tells where they end. */
export const quote = (name: string): string => `${name.length}'${name}`;
