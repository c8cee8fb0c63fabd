import { describe, expect, test } from 'vitest';
import { asAffine, fromAffine } from '../../../ir/tensor/affine.ts';
import { boundsOf, proves, type Ranges } from '../../../ir/tensor/bounds.ts';
import {
  add,
  and,
  binary,
  block,
  bool,
  broadcast,
  buffer,
  cast,
  constant,
  extract,
  floordiv,
  floormod,
  int,
  less,
  load,
  loop,
  mul,
  ramp,
  select,
  seq,
  store,
  sub,
  unary,
  variable,
} from '../../../ir/tensor/build.ts'; // prettier-ignore
import { simplify, simplifyFunc, simplifyStmt } from '../../../ir/tensor/simplify.ts';
import type { Expr, Stmt } from '../../../ir/tensor/tensor-func.ts';
import { printExpr, printStmt } from '../../../ir/text/print-tensor.ts';

const [i, j, n, f] = ['i', 'j', 'n', 'f'].map((name) => variable(name)) as [Expr, Expr, Expr, Expr];
const ranges: Ranges = new Map([
  ['i', { min: 0, max: 7 }],
  ['j', { min: 0, max: 3 }],
  ['n', { min: 1, max: 2 ** 31 - 1 }],
]);
const tile = add(mul(i, int(4)), j);
const simple = (expr: Expr): string => printExpr(simplify(expr, ranges));

const A = buffer('A', 'f32', [8]);
const table = buffer('T', 'i32', [8]);
const x = load(A, [i]);
const f32 = (value: number): Expr => constant(value, 'f32');

describe('expressions', () => {
  test.each<[string, Expr, string]>([
    ['like terms are collected', sub(add(mul(i, int(4)), add(j, i)), j), 'i * 5'],
    ['a subtracted variable follows the constant', sub(int(3), i), '3 - i'],
    ['multiples come out of a quotient', floordiv(add(mul(n, int(4)), int(9)), int(4)), 'n + 2'],
    ['a tile index divided by the tile', floordiv(tile, int(4)), 'i'],
    ['a tile index modulo the tile', floormod(tile, int(4)), 'j'],
    ['a common divisor is cancelled', floordiv(tile, int(8)), 'floordiv(i, 2)'],
    ['a common divisor moves out of a remainder', floormod(tile, int(8)), 'floormod(i, 2) * 4 + j'],
    ['quotients of quotients', floordiv(floordiv(n, int(4)), int(3)), 'floordiv(n, 12)'],
    ['quotient and remainder join', add(mul(floordiv(n, int(4)), int(4)), floormod(n, int(4))), 'n'],
    [
      'three digits join',
      add(
        mul(add(mul(floordiv(f, int(12)), int(3)), floormod(floordiv(f, int(4)), int(3))), int(4)),
        floormod(f, int(4)),
      ),
      'f',
    ],
    ['a remainder below its divisor', floormod(j, int(4)), 'j'],
    ['truncating division of what is not negative', binary('div', tile, int(4)), 'i'],
    ['a minimum that bounds decide', binary('min', tile, int(31)), 'i * 4 + j'],
    ['a minimum that they do not', binary('min', tile, int(30)), 'min(i * 4 + j, 30)'],
    ['affine comparison', less(tile, add(mul(i, int(4)), int(4))), '1bool'],
    ['a connective under its left side', and(less(n, int(8)), less(n, int(9))), 'n < 8'],
    ['select under its condition', select(less(n, int(8)), binary('min', n, int(8)), int(0)), 'select(n < 8, n, 0)'],
    ['not of a comparison of integers', unary('not', less(n, int(4))), 'n >= 4'],
    ['constants are folded in their dtype', add(constant(200, 'u8'), constant(100, 'u8')), '44u8'],
    ['casts of constants', cast(int(3), 'f32'), '3f32'],
    ['a ramp takes in what is added', add(ramp(mul(i, int(4)), 4), broadcast(j, 4)), 'ramp<4>(i * 4 + j)'],
    ['a lane of a ramp', extract(ramp(i, 4), 2), 'i + 2'],
  ])('%s', (_, expr, expected) => {
    expect(simple(expr)).toBe(expected);
  });

  test.each<[string, Expr]>([
    ['x + 0 is 0 where x is -0', add(x, f32(0))],
    ['x * 0 is NaN where x is infinite', mul(x, f32(0))],
    ['x - x is NaN where x is infinite', sub(x, x)],
    ['sums of floats keep their order', add(add(x, f32(1)), f32(2))],
    ['not of a comparison of floats holds on NaN', unary('not', less(x, f32(1)))],
    ['x == x is false on NaN', binary('eq', x, x)],
    ['data wraps around', less(load(table, [i]), add(load(table, [i]), int(1)))],
    ['multiples of data wrap around', floordiv(mul(load(table, [i]), int(4)), int(4))],
  ])('left alone, for %s', (_, expr) => {
    expect(simplify(expr, ranges)).toBe(expr);
  });

  test('-0 is the neutral element of a float sum, 1 of a product', () => {
    expect(simple(add(x, f32(-0)))).toBe('%A[i]');
    expect(simple(mul(x, f32(1)))).toBe('%A[i]');
  });

  test('affine expressions come back', () => {
    const affine = asAffine(sub(mul(add(i, int(2)), int(3)), j));
    expect(affine).toEqual({
      constant: 6,
      terms: new Map([
        ['i', 3],
        ['j', -1],
      ]),
    });
    expect(affine && printExpr(fromAffine(affine))).toBe('i * 3 - j + 6');
    expect(asAffine(floordiv(i, int(2)))).toBeUndefined();
  });

  test('bounds use what cancels', () => {
    expect(boundsOf(sub(n, mul(floordiv(n, int(4)), int(4))), ranges)).toEqual({ min: 0, max: 3 });
    expect(boundsOf(tile, ranges)).toEqual({ min: 0, max: 31 });
    expect(proves(less(n, int(0)), ranges)).toBe(false);
    expect(proves(less(n, int(9)), ranges)).toBeUndefined();
  });
});

const text = (stmt: Stmt, known: Ranges = new Map()): string => printStmt(simplifyStmt(stmt, known)).join('\n');
const put = (index: Expr, value: Expr): Stmt => store(A, [index], value);

describe('statements', () => {
  test('a loop of one iteration is its body, unless it is annotated', () => {
    const once = loop('i', int(1), put(i, f32(2)));
    expect(text(once)).toBe('%A[0] = 2f32');
    expect(text({ ...once, annotations: { hint: true } })).toContain('for i in 1 {hint = true}');
  });

  test('what does not run is removed', () => {
    expect(simplifyStmt(loop('i', int(0), put(i, f32(2))))).toEqual({ kind: 'seq', stmts: [] });
    expect(text(seq([put(int(1), f32(1)), { kind: 'if', cond: bool(false), then: put(int(2), f32(2)) }]))).toBe(
      '%A[1] = 1f32',
    );
  });

  test('conditions tell about what they guard', () => {
    const inner: Stmt = { kind: 'if', cond: less(i, int(7)), then: put(i, f32(1)), else: put(i, f32(2)) };
    expect(text(loop('i', n, { kind: 'if', cond: less(i, int(5)), then: inner }))).not.toContain('7');
  });

  test('the extent of a loop bounds its variable where it is symbolic', () => {
    const main = loop(
      'i',
      floordiv(n, int(4)),
      loop('j', int(4), { kind: 'if', cond: less(tile, n), then: put(tile, f32(1)) }),
    );
    expect(text(main, ranges)).not.toContain('if');
  });

  test('a predicate that always holds is dropped, a block that never runs is removed', () => {
    const body = put(variable('v'), f32(1));
    const under = (predicate: Expr): Stmt =>
      loop(
        'i',
        int(8),
        block({ name: 'b', iters: [{ name: 'v', kind: 'spatial', extent: 8, value: i }], predicate, body }),
      );
    expect(text(under(less(i, int(8))))).not.toContain('where');
    expect(text(under(less(i, int(7))))).toContain('where i < 7');
    expect(simplifyStmt(under(less(i, int(0))))).toEqual({ kind: 'seq', stmts: [] });
  });

  test('lets of constants and indices are propagated, registers are not', () => {
    const named = (mutable: boolean): Stmt => ({
      kind: 'let',
      name: 'x',
      mutable,
      value: int(3),
      body: put(variable('x'), f32(1)),
    });
    expect(text(named(false))).toBe('%A[3] = 1f32');
    expect(text(named(true))).toContain('%A[x]');
  });

  test('nothing is concluded from the first value of a register', () => {
    const r = variable('r');
    const body = seq([
      { kind: 'assign', name: 'r', value: int(9) },
      { kind: 'if', cond: less(r, int(5)), then: put(int(0), f32(1)) },
    ]);
    const stmt: Stmt = { kind: 'let', name: 'r', mutable: true, value: binary('min', n, int(2)), body };
    expect(text(stmt, ranges)).toContain('if r < 5');
  });

  test('what is simple already is the same object', () => {
    const func = { name: 'f', sizes: [], inputs: [], outputs: [A], temps: [], body: loop('i', int(8), put(i, f32(1))) };
    expect(simplifyFunc(func)).toBe(func);
  });
});
