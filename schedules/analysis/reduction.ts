import { type DType, dtypeTable, isBigInt, isFloat } from '../../ir/dtype.ts';
import type { BinaryOp, Scalar } from '../../ir/scalar.ts';
import { exprKey } from '../../ir/tensor/expr-key.ts';
import type { Block, Expr, Load, Stmt, Store } from '../../ir/tensor/tensor-func.ts';
import { walk } from '../../ir/tensor/visit.ts';

/** Operations whose repeated application does not depend on the order, but for rounding. */
export const reductionOps = ['add', 'mul', 'min', 'max', 'and', 'or', 'xor', 'bitand', 'bitor', 'bitxor'] as const;
export type ReductionOp = (typeof reductionOps)[number];

/** `target[indices] = target[indices] op value` */
export interface Update {
  readonly store: Store;
  readonly op: ReductionOp;
  readonly value: Expr;
}

/** The one way in which a block's body touches a buffer, where that is an update of the same element. */
export function updateOf({ body }: Block, buffer: string): Update | undefined {
  const [stores, loads]: [Store[], Load[]] = [[], []];
  walk(body, {
    stmt: (stmt) => {
      if (stmt.kind === 'store' && stmt.buffer === buffer) stores.push(stmt);
    },
    expr: (expr) => {
      if (expr.kind === 'load' && expr.buffer === buffer) loads.push(expr);
    },
  });
  const [store] = stores;
  return store !== undefined && stores.length === 1 && loads.length === 1 ? asUpdate(store) : undefined;
}

/** A store as an update, where the value is made of the element that it overwrites. */
export function asUpdate(store: Store): Update | undefined {
  const { value } = store;
  if (value.kind !== 'binary' || !isReductionOp(value.op)) return undefined;
  const isTarget = (side: Expr): boolean =>
    side.kind === 'load' && side.buffer === store.buffer && sameIndices(side.indices, store.indices);
  if (isTarget(value.left)) return { store, op: value.op, value: value.right };
  return isTarget(value.right) ? { store, op: value.op, value: value.left } : undefined;
}

const isReductionOp = (op: BinaryOp): op is ReductionOp => reductionOps.some((one) => one === op);

export const sameIndices = (a: readonly Expr[], b: readonly Expr[]): boolean =>
  a.length === b.length && a.every((index, i) => exprKey(index) === exprKey(b[i] as Expr));

/** The store that is all of a statement, or undefined where the statement is more or other than that. */
export const singleStore = (stmt: Stmt | undefined): Store | undefined => (stmt?.kind === 'store' ? stmt : undefined);

/** All stores of a block, those of its init too. */
export function storesOf(block: Block): readonly Store[] {
  const stores: Store[] = [];
  walk(block, {
    stmt: (stmt) => {
      if (stmt.kind === 'store') stores.push(stmt);
    },
  });
  return stores;
}

/** The value that an operation leaves everything with as it was. */
export function identityOf(op: ReductionOp, dtype: DType): Scalar {
  const value = identities[op](dtype);
  return isBigInt(dtype) && typeof value === 'number' ? BigInt(value) : value;
}

const identities: Readonly<Record<ReductionOp, (dtype: DType) => Scalar>> = {
  add: () => 0,
  mul: () => 1,
  min: (dtype) => extremes(dtype)[1],
  max: (dtype) => extremes(dtype)[0],
  and: () => 1,
  or: () => 0,
  xor: () => 0,
  bitand: (dtype) => (dtypeTable[dtype].kind === 'uint' ? extremes(dtype)[1] : -1),
  bitor: () => 0,
  bitxor: () => 0,
};

/** The least and the greatest value of a dtype. */
function extremes(dtype: DType): readonly [Scalar, Scalar] {
  if (isFloat(dtype)) return [-Infinity, Infinity];
  const { bytes, kind } = dtypeTable[dtype];
  const bits = BigInt(bytes) * 8n;
  const [low, high] = kind === 'int' ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  return isBigInt(dtype) ? [low, high] : [Number(low), Number(high)];
}
