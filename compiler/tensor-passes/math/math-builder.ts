import { binary, bitcast, broadcast, constant, extract, variable } from '../../../ir/tensor/build.ts';
import type { Expr, Stmt } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';

import type { FreshName } from '../names.ts';

/**
 * What an expansion is made with: the same one serves scalars and vectors. A value that is used more than once is named
 * by a let, which stands before the statement that the expansion is for.
 */
export interface MathBuilder {
  readonly lanes: number;
  /** Whether the target may reassociate sums: then nothing may rest on how one of them rounds. */
  readonly reassociates: boolean;
  readonly f32: (value: number) => Expr;
  readonly i32: (value: number) => Expr;
  readonly u32: (value: number) => Expr;
  readonly name: (value: Expr) => Expr;
  /** The values, replaced by those that `compute` gives where `condition` holds; it is run where any lane needs it. */
  readonly replaceWhere: (
    condition: Expr,
    values: readonly Expr[],
    compute: (b: MathBuilder) => readonly Expr[],
  ) => readonly Expr[];
}

/** Puts what an expression needs around the statement that it is in. */
export type Wrapper = (stmt: Stmt) => Stmt;

export const wrapIn = (wrappers: readonly Wrapper[], stmt: Stmt): Stmt =>
  wrappers.reduceRight((inner, wrapper) => wrapper(inner), stmt);

export function newMathBuilder(
  lanes: number,
  reassociates: boolean,
  fresh: FreshName,
  wrappers: Wrapper[],
): MathBuilder {
  const splat = (value: Expr): Expr => (lanes === 1 ? value : broadcast(value, lanes));
  const declare = (value: Expr, mutable: boolean): string => {
    const name = fresh(mutable ? 'register' : 'term');
    wrappers.push((body) => ({ kind: 'let', name, mutable, value, body }));
    return name;
  };
  const name = (value: Expr): Expr => {
    if (value.kind === 'var' || value.kind === 'const') return value;
    return variable(declare(value, false), value.dtype, lanesOf(value));
  };
  return {
    lanes,
    reassociates,
    f32: (value) => splat(constant(Math.fround(value), 'f32')),
    i32: (value) => splat(constant(value, 'i32')),
    u32: (value) => splat(constant(value, 'u32')),
    name,
    replaceWhere: (condition, values, compute) => {
      const chosen = name(condition);
      const registers = values.map((value) => variable(declare(value, true), value.dtype, lanesOf(value)));
      const inner: Wrapper[] = [];
      const replacements = compute(newMathBuilder(lanes, reassociates, fresh, inner));
      const assigns = registers.map(({ name: register, dtype, lanes: width }, i): Stmt => {
        const [then, otherwise] = [replacements[i] as Expr, variable(register, dtype, width)];
        return {
          kind: 'assign',
          name: register,
          value: { kind: 'select', dtype, cond: chosen, then, else: otherwise },
        };
      });
      const then = wrapIn(inner, { kind: 'seq', stmts: assigns });
      const guarded: Stmt = { kind: 'if', cond: anyLane(chosen), then };
      wrappers.push((body) => ({ kind: 'seq', stmts: [guarded, body] }));
      return registers;
    },
  };
}

function anyLane(mask: Expr): Expr {
  if (lanesOf(mask) === 1) return mask;
  const lanes = Array.from({ length: lanesOf(mask) }, (_, lane) => extract(mask, lane));
  return lanes.reduce((a, b) => binary('or', a, b));
}

/** c0 + x·(c1 + x·(c2 + …)), by Horner's rule. */
export function polynomial(b: MathBuilder, x: Expr, coefficients: readonly number[]): Expr {
  const [last, ...rest] = [...coefficients].reverse() as [number, ...number[]];
  return rest.reduce<Expr>((sum, c) => b.name(binary('add', binary('mul', sum, x), b.f32(c))), b.f32(last));
}

const SIGN = -0x80000000;

/** The magnitude, which is not negative, with the sign of x. */
export function withSignOf(b: MathBuilder, magnitude: Expr, x: Expr): Expr {
  const sign = binary('bitand', bitcast(x, 'i32'), b.i32(SIGN));
  return bitcast(binary('bitor', bitcast(magnitude, 'i32'), sign), 'f32');
}

/** x, negated where bit 31 of `flips` is set. */
export function flipSign(b: MathBuilder, x: Expr, flips: Expr): Expr {
  const sign = binary('bitand', flips, b.i32(SIGN));
  return bitcast(binary('bitxor', bitcast(x, 'i32'), sign), 'f32');
}

/** The twelve leading bits of a float, whose products with another such are exact. */
export const leadingBits = (b: MathBuilder, x: Expr): Expr =>
  bitcast(binary('bitand', bitcast(x, 'i32'), b.i32(-0x1000)), 'f32');
