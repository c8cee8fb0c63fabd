import type { BinaryOp } from '../scalar.ts';

interface Infix {
  readonly symbol: string;
  /** A higher one binds more tightly. */
  readonly precedence: number;
}

/** The operations that are written between their operands; all others are written as calls, `floordiv(a, b)`. */
export const infix: ReadonlyMap<BinaryOp, Infix> = new Map([
  ['or', { symbol: '||', precedence: 1 }],
  ['and', { symbol: '&&', precedence: 2 }],
  ['eq', { symbol: '==', precedence: 3 }],
  ['ne', { symbol: '!=', precedence: 3 }],
  ['lt', { symbol: '<', precedence: 3 }],
  ['le', { symbol: '<=', precedence: 3 }],
  ['gt', { symbol: '>', precedence: 3 }],
  ['ge', { symbol: '>=', precedence: 3 }],
  ['add', { symbol: '+', precedence: 4 }],
  ['sub', { symbol: '-', precedence: 4 }],
  ['mul', { symbol: '*', precedence: 5 }],
  ['div', { symbol: '/', precedence: 5 }],
]);
