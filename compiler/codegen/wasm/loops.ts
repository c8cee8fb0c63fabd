import { invariant } from '../../../ir/errors.ts';
import { boundsOf } from '../../../ir/tensor/bounds.ts';
import type { For } from '../../../ir/tensor/tensor-func.ts';
import type { Ref } from './binaryen.ts';
import { emitExpr } from './expressions.ts';
import { bindLocal, type KernelContext } from './kernel-context.ts';
import { newScope, type Scope } from './scope.ts';

/**
 * A loop whose test stands at its end, inside of an `if` only where it may have no round at all. It ends when a pointer
 * has come to its end; it counts only where its variable is read or no pointer moves by a known step.
 */
export function emitLoop(k: KernelContext, stmt: For, emitBody: () => Ref): readonly Ref[] {
  invariant(
    stmt.loopKind === 'serial' || stmt.loopKind === 'parallel',
    `${k.func.name}: the ${stmt.loopKind} loop ${stmt.loopVar} reached code generation`,
  );
  const { m, b } = k;
  const rounds = boundsOf(stmt.extent, k.variables.ranges);
  if (rounds.max < 1) return [];
  if (rounds.min === 1 && rounds.max === 1) return emitOnce(k, stmt, emitBody);

  const extent = extentOf(k, stmt);
  const counter = k.newLocal('i32');
  const binding = bindLocal(k, stmt.loopVar, counter, 'i32');
  const scope = newScope('loop', stmt.loopVar);
  k.scopes.push(scope);
  const body = emitBody();
  k.scopes.pop();

  const end = endOf(k, scope, binding.isRead, counter, extent);
  const label = `loop:${stmt.loopVar}`;
  const steps = scope.steps.map(({ local, by }) => m.local.set(local, m.i32.add(m.local.get(local, b.i32), by())));
  const loop = m.loop(label, m.block(null, [...scope.head, body, ...steps, m.br_if(label, end.test)]));
  const code = [...scope.before, ...end.before, loop];
  if (rounds.min >= 1) return [...extent.before, ...code];
  return [...extent.before, m.if(m.i32.gt_s(extent.read(), m.i32.const(0)), m.block(null, code))];
}

/** One round: the variable is 0, nothing moves. */
function emitOnce(k: KernelContext, stmt: For, emitBody: () => Ref): readonly Ref[] {
  k.bindings.set(stmt.loopVar, { isRead: false, read: () => k.m.i32.const(0) });
  const scope = newScope('loop', stmt.loopVar);
  k.scopes.push(scope);
  const body = emitBody();
  k.scopes.pop();
  return [...scope.before, ...scope.head, body];
}

interface Extent {
  readonly before: readonly Ref[];
  readonly read: () => Ref;
  readonly constant: number | undefined;
}

function extentOf(k: KernelContext, { extent }: For): Extent {
  const { m, b } = k;
  if (extent.kind === 'const') {
    const value = Number(extent.value);
    return { before: [], read: () => m.i32.const(value), constant: value };
  }
  const local = k.newLocal('i32');
  const before = [m.local.set(local, emitExpr(k, extent))];
  return { before, read: () => m.local.get(local, b.i32), constant: undefined };
}

interface End {
  readonly before: readonly Ref[];
  readonly test: Ref;
}

function endOf(k: KernelContext, scope: Scope, isCounterRead: boolean, counter: number, extent: Extent): End {
  const { m, b } = k;
  const get = (local: number) => m.local.get(local, b.i32);
  if (isCounterRead) {
    const next = m.local.tee(counter, m.i32.add(get(counter), m.i32.const(1)), b.i32);
    return { before: [m.local.set(counter, m.i32.const(0))], test: m.i32.ne(next, extent.read()) };
  }
  const moving = scope.steps.find(({ bytes }) => bytes !== undefined && bytes !== 0);
  if (moving?.bytes === undefined) {
    const next = m.local.tee(counter, m.i32.sub(get(counter), m.i32.const(1)), b.i32);
    return { before: [m.local.set(counter, extent.read())], test: next };
  }
  const { constant } = extent;
  const { bytes } = moving;
  const distance =
    constant === undefined ? m.i32.mul(extent.read(), m.i32.const(bytes)) : m.i32.const(constant * bytes);
  const last = m.local.set(counter, m.i32.add(get(moving.local), distance));
  return { before: [last], test: m.i32.ne(get(moving.local), get(counter)) };
}
