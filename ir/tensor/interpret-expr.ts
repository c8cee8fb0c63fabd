import { type DType, isBigInt } from '../dtype.ts';
import { assertNever, CompilerError } from '../errors.ts';
import { roundTo, type Scalar } from '../scalar.ts';
import { compileBinary, compileBitcast, compileCast, compileUnary } from './interpret-arithmetic.ts';
import { type Code, compileRead, type Frame, type Memory, type NumberCode, type Slot } from './interpret-memory.ts';
import { compileOffset } from './interpret-offset.ts';
import type { Expr, Var } from './tensor-func.ts';
import { lanesOf } from './typing.ts';

export function declare(frame: Frame, name: string, dtype: DType, lanes: number): Slot {
  const slot: Slot = { kind: lanes > 1 ? 'vector' : isBigInt(dtype) ? 'bigint' : 'number', index: frame.slots.size };
  frame.slots.set(name, slot);
  return slot;
}

export function memoryOf(frame: Frame, name: string): Memory {
  const memory = frame.memories.get(name);
  if (memory === undefined) throw new CompilerError(`${frame.func}: there is no buffer %${name}`);
  return memory;
}

/** Turns an expression into a function, once, so that running it costs a call a node. */
export function compileExpr(frame: Frame, expr: Expr): Code {
  switch (expr.kind) {
    case 'const':
      return compileConst(roundTo(expr.dtype)(expr.value));
    case 'var':
      return compileVar(frame, expr);
    case 'load': {
      const memory = memoryOf(frame, expr.buffer);
      return compileRead(
        memory,
        compileOffset(frame, memory, expr.indices, (index) => compileExpr(frame, index)),
      );
    }
    case 'unary':
      return compileUnary(expr.op, expr.operand.dtype, compileExpr(frame, expr.operand));
    case 'binary':
      return compileBinary(expr.op, expr.left.dtype, compileExpr(frame, expr.left), compileExpr(frame, expr.right));
    case 'dot': {
      const [left, right] = [expr.left, expr.right].map((part) => compileExpr(frame, part)) as [NumberCode, NumberCode];
      // Two products of i16 are exact as numbers, and so is their sum.
      return (lane) => (left(2 * lane) * right(2 * lane) + left(2 * lane + 1) * right(2 * lane + 1)) | 0;
    }
    case 'select': {
      const [cond, then, otherwise] = [expr.cond, expr.then, expr.else].map((part) => compileExpr(frame, part)) as [
        Code,
        Code,
        Code,
      ];
      return (lane) => (cond(lane) ? then(lane) : otherwise(lane));
    }
    case 'cast':
      return compileCast(expr.operand.dtype, expr.dtype, compileExpr(frame, expr.operand));
    case 'bitcast':
      return compileBitcast(expr.operand.dtype, expr.dtype, compileExpr(frame, expr.operand));
    case 'ramp': {
      const base = compileExpr(frame, expr.base) as NumberCode;
      return (lane) => (base(0) + lane) | 0;
    }
    case 'broadcast': {
      const [value, lanes] = [compileExpr(frame, expr.value), lanesOf(expr.value)];
      return lanes === 1 ? () => value(0) : (lane) => value(lane % lanes);
    }
    case 'extract': {
      const [vector, lane] = [compileExpr(frame, expr.vector), expr.lane];
      return () => vector(lane);
    }
    default:
      return assertNever(expr);
  }
}

const compileConst =
  (value: Scalar): Code =>
  () =>
    value;

function compileVar({ func, slots, numbers, bigints, vectors }: Frame, expr: Var): Code {
  const slot = slots.get(expr.name);
  if (slot === undefined) throw new CompilerError(`${func}: variable ${expr.name} is not defined`);
  const { index } = slot;
  switch (slot.kind) {
    case 'number':
      return () => numbers[index] as number;
    case 'bigint':
      return () => bigints[index] as bigint;
    case 'vector':
      return (lane) => vectors[index]?.[lane] as Scalar;
    default:
      return assertNever(slot.kind);
  }
}
