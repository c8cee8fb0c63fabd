import { isFloat } from '../../../ir/dtype.ts';
import type { Expr, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { walk } from '../../../ir/tensor/visit.ts';

/** Operators whose result is a NaN only where that of their operand is. */
const keeping: ReadonlySet<string> = new Set(['neg', 'abs', 'sign', 'floor', 'ceil', 'round']);

/**
 * Whether a value is a number or an infinity in any case, by the form of its expression: `numbers` are the variables of
 * which that is known. Sums and products of numbers may be NaN, and what memory holds may be anything.
 */
export function isNeverNan(expr: Expr, numbers: ReadonlySet<string>): boolean {
  const isNumber = (part: Expr): boolean => isNeverNan(part, numbers);
  if (!isFloat(expr.dtype)) return true;
  switch (expr.kind) {
    case 'const':
      return !Number.isNaN(Number(expr.value));
    case 'var':
      return numbers.has(expr.name);
    case 'unary':
      return keeping.has(expr.op) && isNumber(expr.operand);
    case 'binary':
      return (expr.op === 'min' || expr.op === 'max') && isNumber(expr.left) && isNumber(expr.right);
    case 'select':
      return isNumber(expr.then) && isNumber(expr.else);
    case 'cast':
      return isNumber(expr.operand);
    case 'broadcast':
      return isNumber(expr.value);
    case 'extract':
      return isNumber(expr.vector);
    default:
      return false;
  }
}

/** The names that a function gives to values which are never NaN. Registers change, and are none of them. */
export function numbersOf({ body }: TensorFunc): ReadonlySet<string> {
  const numbers = new Set<string>();
  walk(body, {
    stmt: (stmt) => {
      if (stmt.kind === 'let' && !stmt.mutable && isNeverNan(stmt.value, numbers)) numbers.add(stmt.name);
    },
  });
  return numbers;
}
