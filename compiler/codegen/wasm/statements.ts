import { assertNever, invariant } from '../../../ir/errors.ts';
import type { Let, Stmt, Store } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { accessOf, laneAddresses } from './access.ts';
import type { Ref } from './binaryen.ts';
import { elementType } from './buffers.ts';
import { hold } from './emitter.ts';
import { addressOf, emitExpr } from './expressions.ts';
import { bindLocal, type KernelContext } from './kernel-context.ts';
import { emitLoop } from './loops.ts';
import { storeScalar, storeVector } from './memory.ts';
import { newScope } from './scope.ts';
import { wasmTypeOf } from './value-type.ts';
import { extractLane } from './vector-lanes.ts';

/** The code of a statement, in the order of the IR: V8 keeps it, and the schedule has chosen it. */
export function emitStmts(k: KernelContext, stmt: Stmt): readonly Ref[] {
  switch (stmt.kind) {
    case 'seq':
      return stmt.stmts.flatMap((child) => emitStmts(k, child));
    case 'store':
      return emitStore(k, stmt);
    case 'for':
      return emitLoop(k, stmt, () => k.m.block(null, [...emitStmts(k, stmt.body)]));
    case 'if': {
      const cond = emitExpr(k, stmt.cond);
      const then = k.m.block(null, [...emitStmts(k, stmt.then)]);
      if (stmt.else === undefined) return [k.m.if(cond, then)];
      return [k.m.if(cond, then, k.m.block(null, [...emitStmts(k, stmt.else)]))];
    }
    case 'let':
      return stmt.mutable ? emitRegister(k, stmt) : emitLet(k, stmt);
    case 'assign': {
      const local = k.bindings.get(stmt.name)?.local;
      invariant(local !== undefined, `${k.func.name}: ${stmt.name} is not defined where it is assigned`);
      return [k.m.local.set(local, emitExpr(k, stmt.value))];
    }
    case 'block':
      invariant(false, `${k.func.name}: the block ${stmt.name} reached code generation`);
    default:
      return assertNever(stmt);
  }
}

function emitRegister(k: KernelContext, stmt: Let): readonly Ref[] {
  const type = wasmTypeOf(stmt.value);
  const local = k.newLocal(type);
  const value = emitExpr(k, stmt.value);
  bindLocal(k, stmt.name, local, type);
  return [k.m.local.set(local, value), ...emitStmts(k, stmt.body)];
}

function emitLet(k: KernelContext, stmt: Let): readonly Ref[] {
  const type = wasmTypeOf(stmt.value);
  const local = k.newLocal(type);
  const value = emitExpr(k, stmt.value);
  const binding = bindLocal(k, stmt.name, local, type);
  const scope = newScope('let', stmt.name);
  k.scopes.push(scope);
  const body = emitStmts(k, stmt.body);
  k.scopes.pop();
  const definition = binding.isRead ? [k.m.local.set(local, value)] : [];
  return [...definition, ...scope.head, ...body];
}

function emitStore(k: KernelContext, stmt: Store): readonly Ref[] {
  const dtype = elementType(k.types, stmt.buffer);
  invariant(
    stmt.value.dtype === dtype,
    `${k.func.name}: a ${stmt.value.dtype} is stored into ${stmt.buffer} of ${dtype}`,
  );
  const access = accessOf(stmt.buffer, dtype, stmt.indices, k.variables.polynomials);
  const value = emitExpr(k, stmt.value);
  if (access.kind === 'scalar') {
    invariant(lanesOf(stmt.value) === 1, `${k.func.name}: a vector is stored at one element of ${stmt.buffer}`);
    return [storeScalar(k, dtype, addressOf(k, access.address), value)];
  }
  invariant(lanesOf(stmt.value) > 1, `${k.func.name}: a scalar is stored at several elements of ${stmt.buffer}`);
  if (access.kind === 'contiguous') return [storeVector(k, dtype, addressOf(k, access.address), value)];
  const held = hold(k, 'v128', value);
  const lanes = laneAddresses(access, dtype).map((address, lane) =>
    storeScalar(k, dtype, addressOf(k, address), extractLane(k, dtype, held.again(), lane)),
  );
  return [k.m.drop(held.first), ...lanes];
}
