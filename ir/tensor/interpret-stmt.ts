import { isStatic } from '../dim.ts';
import { assertNever, CompilerError } from '../errors.ts';
import type { Scalar } from '../scalar.ts';
import { dimExpr } from './build.ts';
import { compileExpr, declare, memoryOf } from './interpret-expr.ts';
import { type Code, type Frame, type NumberCode, type Slot, writer } from './interpret-memory.ts';
import { compileIndex, compileOffset } from './interpret-offset.ts';
import type { Assign, Block, Expr, For, If, Iter, Let, Stmt, Store } from './tensor-func.ts';
import { lanesOf } from './typing.ts';

export type Run = () => void;

/** Turns a statement into a function. Loops of every kind run one iteration after the other. */
export function compileStmt(frame: Frame, stmt: Stmt): Run {
  switch (stmt.kind) {
    case 'for':
      return compileFor(frame, stmt);
    case 'block':
      return compileBlock(frame, stmt);
    case 'store':
      return compileStore(frame, stmt);
    case 'seq':
      return sequence(stmt.stmts.map((child) => compileStmt(frame, child)));
    case 'if':
      return compileIf(frame, stmt);
    case 'let':
      return compileLet(frame, stmt);
    case 'assign':
      return compileAssign(frame, stmt);
    default:
      return assertNever(stmt);
  }
}

function sequence(runs: readonly Run[]): Run {
  const [first, second, third] = runs;
  if (first === undefined) return () => {};
  if (second === undefined) return first;
  if (runs.length === 2) {
    return () => {
      first();
      second();
    };
  }
  if (third !== undefined && runs.length === 3) {
    return () => {
      first();
      second();
      third();
    };
  }
  return () => {
    for (const run of runs) run();
  };
}

function compileFor(frame: Frame, stmt: For): Run {
  const extent = compileExpr(frame, stmt.extent) as NumberCode;
  const { index } = declare(frame, stmt.loopVar, 'i32', 1);
  const body = compileStmt(frame, stmt.body);
  const { numbers } = frame;
  return () => {
    const end = extent(0);
    for (let i = 0; i < end; i++) {
      numbers[index] = i;
      body();
    }
  };
}

function compileBlock(frame: Frame, block: Block): Run {
  const holds = block.predicate === undefined ? undefined : compileExpr(frame, block.predicate);
  const bind = sequence(block.iters.map((iter) => compileIter(frame, block, iter)));
  const init = block.init === undefined ? undefined : compileStmt(frame, block.init);
  const first = compileFirst(frame, block);
  const body = compileStmt(frame, block.body);
  return () => {
    if (holds !== undefined && !holds(0)) return;
    bind();
    if (init !== undefined && first()) init();
    body();
  };
}

/** Whether the present instance is one in which every reduce variable is 0. */
function compileFirst({ slots, numbers }: Frame, block: Block): () => boolean {
  const reduces = block.iters
    .filter((iter) => iter.kind === 'reduce')
    .map((iter) => (slots.get(iter.name) as Slot).index);
  return () => {
    for (const index of reduces) if (numbers[index] !== 0) return false;
    return true;
  };
}

function compileIter(frame: Frame, block: Block, iter: Iter): Run {
  const value = compileIndex(frame, iter.value, (part) => compileExpr(frame, part));
  const extent = isStatic(iter.extent) ? undefined : (compileExpr(frame, dimExpr(iter.extent)) as NumberCode);
  const { index } = declare(frame, iter.name, 'i32', 1);
  const { func, numbers } = frame;
  const fail = (now: number, end: number): never => {
    throw new CompilerError(`${func}, block ${block.name}: ${iter.name} = ${now} is outside of its extent ${end}`);
  };
  if (extent === undefined) {
    const end = iter.extent as number;
    return () => {
      const now = value(0);
      numbers[index] = now >= 0 && now < end ? now : fail(now, end);
    };
  }
  return () => {
    const [now, end] = [value(0), extent(0)];
    numbers[index] = now >= 0 && now < end ? now : fail(now, end);
  };
}

function compileStore(frame: Frame, stmt: Store): Run {
  const memory = memoryOf(frame, stmt.buffer);
  const offset = compileOffset(frame, memory, stmt.indices, (index) => compileExpr(frame, index));
  const value = compileExpr(frame, stmt.value);
  const write = writer(memory);
  const lanes = Math.max(lanesOf(stmt.value), ...stmt.indices.map(lanesOf));
  if (lanes === 1) return () => write(offset(0), value(0));
  return () => {
    // All lanes are read before the first is written.
    const values = vectorOf(value, lanes);
    for (let lane = 0; lane < lanes; lane++) write(offset(lane), values[lane] as Scalar);
  };
}

const vectorOf = (value: Code, lanes: number): readonly Scalar[] =>
  Array.from({ length: lanes }, (_, lane) => value(lane));

function compileIf(frame: Frame, stmt: If): Run {
  const cond = compileExpr(frame, stmt.cond);
  const then = compileStmt(frame, stmt.then);
  const otherwise = stmt.else === undefined ? undefined : compileStmt(frame, stmt.else);
  return () => {
    if (cond(0)) then();
    else otherwise?.();
  };
}

function compileLet(frame: Frame, stmt: Let): Run {
  const value = compileExpr(frame, stmt.value);
  const slot = declare(frame, stmt.name, stmt.value.dtype, lanesOf(stmt.value));
  return sequence([compileSet(frame, slot, stmt.value, value), compileStmt(frame, stmt.body)]);
}

function compileAssign(frame: Frame, stmt: Assign): Run {
  const slot = frame.slots.get(stmt.name);
  if (slot === undefined) throw new CompilerError(`${frame.func}: ${stmt.name} is assigned, but not defined`);
  return compileSet(frame, slot, stmt.value, compileExpr(frame, stmt.value));
}

function compileSet({ numbers, bigints, vectors }: Frame, { kind, index }: Slot, expr: Expr, value: Code): Run {
  switch (kind) {
    case 'number':
      return () => {
        numbers[index] = value(0) as number;
      };
    case 'bigint':
      return () => {
        bigints[index] = value(0) as bigint;
      };
    case 'vector': {
      const lanes = lanesOf(expr);
      return () => {
        vectors[index] = vectorOf(value, lanes);
      };
    }
    default:
      return assertNever(kind);
  }
}
