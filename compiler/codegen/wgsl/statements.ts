import { byteSize } from '../../../ir/dtype.ts';
import { assertNever, invariant } from '../../../ir/errors.ts';
import { exprKey } from '../../../ir/tensor/expr-key.ts';
import type { Expr, For, Stmt, Store } from '../../../ir/tensor/tensor-func.ts';
import { isThreadAxis, lanesOf } from '../../../ir/tensor/typing.ts';
import { laneOf } from '../lanes.ts';
import { component, emitExpr, emitIndex, vectorPlace } from './expressions.ts';
import type { KernelContext } from './kernel-context.ts';
import { elementType, type Operand } from './operands.ts';
import { emitPackedDot } from './packed-dots.ts';
import { emitReduction } from './subgroup-reduction.ts';
import { LANES } from './value-type.ts';

/** The lines of a statement, in the order of the IR, after the barriers that stand before it. */
export function emitStmts(k: KernelContext, stmt: Stmt): readonly string[] {
  const barriers = [...(k.barriers.before.get(stmt) ?? [])].map((kind) => `${kind}Barrier();`);
  const lines = byFirst(k, stmt, emitStmt(k, stmt));
  return barriers.length === 0 ? lines : [...barriers, ...lines];
}

/** What all invocations along some axes would do alike is for the first one. */
function byFirst(k: KernelContext, stmt: Stmt, lines: readonly string[]): readonly string[] {
  const axes = k.barriers.alike.get(stmt);
  if (axes === undefined) return lines;
  const isFirst = axes.map((axis) => `${axis.replace('.', '_id.')} == 0u`).join(' && ');
  return [`if (${isFirst}) {`, ...indent(lines), '}'];
}

function emitStmt(k: KernelContext, stmt: Stmt): readonly string[] {
  switch (stmt.kind) {
    case 'seq':
      return stmt.stmts.flatMap((child) => emitStmts(k, child));
    case 'store':
      return emitStore(k, stmt);
    case 'for':
      return emitLoop(k, stmt);
    case 'if': {
      const cond = emitExpr(k, stmt.cond);
      const then = [`if (${cond}) {`, ...indent(emitStmts(k, stmt.then))];
      return stmt.else === undefined ? [...then, '}'] : [...then, '} else {', ...indent(emitStmts(k, stmt.else)), '}'];
    }
    case 'let': {
      const head = `${stmt.mutable ? 'var' : 'let'} ${k.nameOf(stmt.name)} =`;
      return [`${head} ${emitExpr(k, stmt.value)};`, ...emitStmts(k, stmt.body)];
    }
    case 'assign': {
      const dot = k.packedDots.dots.get(stmt);
      if (dot !== undefined) return emitPackedDot(k, dot);
      if (k.packedDots.skipped.has(stmt)) return [];
      return [emitUpdate(k, k.nameOf(stmt.name), stmt.value, (expr) => expr.kind === 'var' && expr.name === stmt.name)];
    }
    case 'block':
      invariant(false, `${k.func.name}: the block ${stmt.name} reached code generation`);
    default:
      return assertNever(stmt);
  }
}

export const indent = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => (line === '' ? '' : `  ${line}`));

/** A loop over workgroups or invocations is none: each has its place in it, or has none where the loop is short. */
function emitLoop(k: KernelContext, stmt: For): readonly string[] {
  const { loopKind, extent, body } = stmt;
  const name = k.nameOf(stmt.loopVar);
  if (isThreadAxis(loopKind)) {
    const id = loopKind.replace('.', '_id.');
    const lines = [`let ${name} = i32(${id});`, ...emitStmts(k, body)];
    return isShort(k, stmt) ? [`if (${id} < ${emitExpr(k, extent)}u) {`, ...indent(lines), '}'] : lines;
  }
  const reduction = k.barriers.reductions.get(stmt);
  if (reduction !== undefined) {
    const { lines, store } = emitReduction(k, reduction);
    return ['{', ...indent([...lines, ...byFirst(k, reduction.update.store, emitStore(k, store))]), '}'];
  }
  invariant(loopKind === 'serial', `${k.func.name}: the ${loopKind} loop ${stmt.loopVar} reached code generation`);
  const head = `for (var ${name} = 0; ${name} < ${emitExpr(k, extent)}; ${name}++) {`;
  return [head, ...indent(emitStmts(k, body)), '}'];
}

/** Whether other loops over the same axis are longer. */
function isShort({ grid }: KernelContext, { loopKind, extent }: For): boolean {
  const sizes = loopKind.startsWith('workgroup') ? grid.workgroups : grid.workgroupSize;
  return extent.kind === 'const' && Number(extent.value) < (sizes['xyz'.indexOf(loopKind.slice(-1))] ?? 1);
}

function emitStore(k: KernelContext, { buffer, indices, value }: Store): readonly string[] {
  const [target, [index]] = [k.operands.get(buffer), indices];
  invariant(target !== undefined && index !== undefined, `${k.func.name}: no buffer is called ${buffer}`);
  const lanes = lanesOf(value);
  const name = k.nameOf(buffer);
  const isOld = (expr: Expr): boolean =>
    expr.kind === 'load' && expr.buffer === buffer && expr.indices.every((one) => exprKey(one) === exprKey(index));
  const emitStored = (_: KernelContext, stored: Expr): string => storedText(k, target, stored);
  if (lanes === 1) return [emitUpdate(k, `${name}[${emitIndex(k, index)}]`, value, isOld, emitStored)];
  const place = index.kind === 'ramp' ? vectorPlace(k, target, index.base) : undefined;
  if (place !== undefined) return [emitUpdate(k, `${name}[${place}]`, value, isOld, emitStored)];
  const stored = emitStored(k, value);
  const scalars = Array.from(
    { length: LANES },
    (_, lane) => `${name}[${emitIndex(k, laneOf(index, lane))}] = ${component('lanes', lane)};`,
  );
  return ['{', ...indent([`let lanes = ${stored};`, ...scalars]), '}'];
}

/** A value as memory holds it. */
function storedText(k: KernelContext, target: Operand, value: Expr): string {
  const text = emitExpr(k, value);
  return value.dtype === 'bool' || target.isOfHalves
    ? `${elementType(target, lanesOf(value), k.func.name)}(${text})`
    : text;
}

/** Gives a place its new value, which may be made of its old one. */
function emitUpdate(
  k: KernelContext,
  place: string,
  value: Expr,
  isOld: (expr: Expr) => boolean,
  text = emitExpr,
): string {
  const isAdded = value.kind === 'binary' && value.op === 'add' && byteSize(value.dtype) === 4 && isOld(value.left);
  return isAdded ? `${place} += ${emitExpr(k, value.right)};` : `${place} = ${text(k, value)};`;
}
