import { isFloat } from '../../../ir/dtype.ts';
import { binary, variable } from '../../../ir/tensor/build.ts';
import type { Expr, For, Store } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { walkExpr } from '../../../ir/tensor/visit.ts';
import { asUpdate, identityOf, type ReductionOp, type Update } from '../../../schedules/analysis/reduction.ts';
import { emitExpr } from './expressions.ts';
import { isNan } from './helper.ts';
import { callHelper } from './helpers.ts';
import type { KernelContext } from './kernel-context.ts';
import { literal } from './literal.ts';

/** A serial loop that reduces what it loads into one element. */
export interface Reduction {
  readonly loop: For;
  readonly update: Update;
}

/** What the invocations of a subgroup combine their values by. */
const functions: Readonly<Partial<Record<ReductionOp, string>>> = {
  add: 'subgroupAdd',
  mul: 'subgroupMul',
  min: 'subgroupMin',
  max: 'subgroupMax',
  bitand: 'subgroupAnd',
  bitor: 'subgroupOr',
  bitxor: 'subgroupXor',
};

/** Subgroups have four invocations at least: fewer elements than twice as many are not worth sharing. */
const leastElements = 8;

/** A loop as a reduction that a subgroup can share; undefined where it is none, or too short. */
export function reductionOf(loop: For): Reduction | undefined {
  const { loopKind, extent, body } = loop;
  if (loopKind !== 'serial' || extent.kind !== 'const' || Number(extent.value) < leastElements) return undefined;
  const update = body.kind === 'store' ? asUpdate(body) : undefined;
  if (update === undefined || functions[update.op] === undefined) return undefined;
  const { dtype } = update.value;
  const isWord = dtype === 'f32' || dtype === 'i32' || dtype === 'u32';
  const { buffer, indices } = update.store;
  const dependsOn = (expr: Expr, isIt: (node: Expr) => boolean): boolean => {
    let found = false;
    walkExpr(expr, (node) => {
      found ||= isIt(node);
    });
    return found;
  };
  const moves = indices.some((index) => dependsOn(index, (node) => node.kind === 'var' && node.name === loop.loopVar));
  const isRead = dependsOn(update.value, (node) => node.kind === 'load' && node.buffer === buffer);
  return isWord && lanesOf(update.value) === 1 && !moves && !isRead ? { loop, update } : undefined;
}

/**
 * The lines by which each subgroup of a workgroup reduces all elements, so that every invocation knows the result, and the
 * store that is left for the first of them. An invocation takes elements from its rank on, as many apart as the subgroup
 * has invocations, both of which are counted: so subgroups may be of any size, of different ones, and not full.
 *
 *   for (var i = 0; i < 64; i++) { s[0] += p[i]; }
 *     →
 *   for (var i = rank; i < 64; i += count) { partial += p[i]; }    let total = subgroupAdd(partial);    s[0] += total;
 */
export function emitReduction(
  k: KernelContext,
  { loop, update }: Reduction,
): { readonly lines: readonly string[]; readonly store: Store } {
  const { op, value, store } = update;
  const { dtype } = value;
  k.used.add('subgroups');
  const name = k.nameOf(loop.loopVar);
  const [partial, total] = [`${loop.loopVar}_partial`, `${loop.loopVar}_total`] as const;
  const step = emitExpr(k, binary(op, variable(partial, dtype), value));
  const count = k.nameOf(`${loop.loopVar}_count`);
  const lines = [
    `let ${count} = i32(subgroupAdd(1u));`,
    `var ${k.nameOf(partial)} = ${literal(k, dtype, identityOf(op, dtype))};`,
    `for (var ${name} = i32(subgroupExclusiveAdd(1u)); ${name} < ${emitExpr(k, loop.extent)}; ${name} += ${count}) {`,
    `  ${k.nameOf(partial)} = ${step};`,
    '}',
    `let ${k.nameOf(total)} = ${combined(k, update, k.nameOf(partial))};`,
  ];
  const [result] = [
    binary(op, { kind: 'load', dtype, buffer: store.buffer, indices: store.indices }, variable(total, dtype)),
  ];
  return { lines, store: { ...store, value: result } };
}

/** The value of a whole subgroup. Its least and its greatest number may be any where one is NaN. */
function combined(k: KernelContext, { op, value: { dtype } }: Update, partial: string): string {
  const result = `${functions[op]}(${partial})`;
  if (!isFloat(dtype) || (op !== 'min' && op !== 'max')) return result;
  const hasNan = `subgroupAny(${isNan(partial, { of: (type) => type, splat: (value) => value })})`;
  return `select(${result}, ${callHelper(k, 'not_a_number', [])}, ${hasNan})`;
}
