import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../ir/dim.ts';
import { VerifyError } from '../../../ir/errors.ts';
import {
  add,
  binary,
  bitcast,
  block,
  broadcast,
  buffer,
  constant,
  dot,
  extract,
  int,
  less,
  load,
  loop,
  ramp,
  select,
  seq,
  store,
  unary,
  variable,
} from '../../../ir/tensor/build.ts';
import type { Expr, Iter, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';

const i = variable('i');
const A = buffer('A', 'f32', [8]);
const C = buffer('C', 'f32', [8]);
const one = constant(1, 'f32');
const put = (value: Expr, index: Expr = i): Stmt => store(C, [index], value);
const loopOf = (body: Stmt): Stmt => loop('i', int(8), body);
const func = (body: Stmt, changes: Partial<TensorFunc> = {}): TensorFunc => ({
  name: 'f',
  sizes: [],
  inputs: [A],
  outputs: [C],
  temps: [],
  body,
  ...changes,
}); // prettier-ignore
const iter = (value: Expr, extent = 8, name = 'v'): Iter => ({ name, kind: 'spatial', extent, value });
const blockOf = (value: Expr, extent = 8): Stmt =>
  block({ name: 'b', iters: [iter(value, extent)], body: put(one, variable('v')) });
const letOf = (mutable: boolean, body: Stmt): Stmt => ({ kind: 'let', name: 'x', mutable, value: one, body });

test.each<[string, Stmt]>([
  ['a block under its loop', loopOf(blockOf(i))],
  [
    'a register that is assigned',
    loopOf(letOf(true, seq([{ kind: 'assign', name: 'x', value: load(A, [i]) }, put(variable('x', 'f32'))]))),
  ],
  [
    'a variable that its predicate keeps in range',
    loopOf(block({ name: 'b', iters: [iter(i, 7)], predicate: less(i, int(7)), body: put(one) })),
  ],
  ['a variable that a condition keeps in range', loopOf({ kind: 'if', cond: less(i, int(7)), then: blockOf(i, 7) })],
])('accepted: %s', (_, body) => {
  expect(() => verifyFunc(func(body))).not.toThrow();
});

test('accepted: an output without elements, to which nothing is stored', () => {
  const empty = func({ kind: 'seq', stmts: [] }, { outputs: [buffer('C', 'f32', [0, 4])] });
  expect(() => verifyFunc(empty)).not.toThrow();
});

describe('refused, with the place', () => {
  test.each<[string, TensorFunc]>([
    ['f: variable i is defined twice', func(loopOf(loopOf(put(one))))],
    ['f: buffer A is defined twice', func(loopOf(put(one)), { temps: [A] })],
    [
      'f: block b is defined twice',
      func(seq([loop('j', int(8), blockOf(variable('j'))), loopOf(block({ name: 'b', iters: [], body: put(one) }))])),
    ],
    ['f: output %C is never stored to', func({ kind: 'seq', stmts: [] })],
    [
      'f, buffer %T: n is not among the sizes of the function',
      func(loopOf(put(one)), { temps: [buffer('T', 'f32', [symbolDim('n')])] }),
    ],
    [
      'f, buffer %C: an input or output is in global scope, not local',
      func(loopOf(put(one)), { outputs: [{ ...C, scope: 'local' }] }),
    ],
    ['f, loop i, store to %X: buffer %X is not declared', func(loopOf(store(buffer('X', 'f32', [8]), [i], one)))],
    ['f, loop i, store to %A: an input is not written', func(loopOf(store(A, [i], one)))],
    ['%C has 1 dimensions, but is accessed with 2 indices', func(loopOf(store(C, [i, i], one)))],
    ['an index into %C is f32, expected i32', func(loopOf(put(one, one)))],
    ['the value is i32, expected f32', func(loopOf(put(i)))],
    ['the value is f32x4, expected f32', func(loopOf(put(broadcast(one, 4))))],
    ['the value is f32, expected f32x4', func(put(one, ramp(int(0), 4)))],
    ['f, store to %C: variable i is not defined here', func(put(one))],
    ['variable i is used as f32, but is i32', func(loopOf(put(variable('i', 'f32'))))],
    [
      'load of i32 from %A, which is f32',
      func(loopOf(put(binary('add', { kind: 'load', dtype: 'i32', buffer: 'A', indices: [i] }, i)))),
    ],
    ['add has operands of different types: f32 and i32', func(loopOf(put(add(one, i))))],
    ['add has operands of different types: f32 and f32x4', func(loopOf(put(add(one, broadcast(one, 4)))))],
    ['bitand is not defined on f32', func(loopOf(put(binary('bitand', one, one))))],
    ['not is not defined on f32', func(loopOf(put(unary('not', one))))],
    ['lt is typed f32, but gives bool', func(loopOf(put({ ...less(one, one), dtype: 'f32' })))],
    ['the condition of a select is i32, expected bool', func(loopOf(put(select(i, one, one))))],
    ['select has sides of different types: f32 and i32', func(loopOf(put(select(less(i, i), one, i))))],
    ['bitcast from f32 to i64: expected numbers of the same width', func(loopOf(put(bitcast(one, 'i64'))))],
    ['extract from a scalar f32', func(loopOf(put(extract(one, 0))))],
    ['extract of lane 4 from 4 lanes', func(loopOf(put(extract(broadcast(one, 4), 4))))],
    [
      'broadcast of f32x4 to 6 lanes, expected a multiple of its own',
      func(loopOf(put(broadcast(broadcast(one, 4), 6)))),
    ],
    [
      'dot has operands f32x8 and f32x8, expected two of i16 with the same even number of lanes, 4 or more',
      func(loopOf(put(dot(broadcast(one, 8), broadcast(one, 8))))),
    ],
    [
      'dot has operands i16x8 and i16x4, expected two of i16',
      func(loopOf(put(dot(broadcast(constant(1, 'i16'), 8), broadcast(constant(1, 'i16'), 4))))),
    ],
    ['broadcast has 1 lanes, expected 2 or more', func(loopOf(put(broadcast(one, 1))))],
    ['constant 300 is no value of u8', func(loopOf(put(binary('add', one, constant(300, 'u8')))))],
    ['the condition of an if is i32, expected bool', func(loopOf({ kind: 'if', cond: i, then: put(one) }))],
    ['f, loop i: the extent is f32, expected i32', func(loop('i', one, put(one)))],
    [
      'f, loop i, assignment to x: x is not a mutable let',
      func(loopOf(letOf(false, seq([put(one), { kind: 'assign', name: 'x', value: one }])))),
    ],
    ['assignment to i: i is not a mutable let', func(loopOf(seq([put(one), { kind: 'assign', name: 'i', value: i }])))],
    [
      'f, loop i, block b, block c: a block stands inside of another block',
      func(loopOf(block({ name: 'b', iters: [], body: block({ name: 'c', iters: [], body: put(one) }) }))),
    ],
    ['f, loop i, block b: v takes values from 0 to 7, outside of its extent 7', func(loopOf(blockOf(i, 7)))],
    [
      'v takes values from 8 to 15, outside of its extent 8',
      func(loopOf(block({ name: 'b', iters: [iter(add(i, int(8)))], predicate: less(i, int(4)), body: put(one) }))),
    ],
    [
      'the predicate is i32, expected bool',
      func(loopOf(block({ name: 'b', iters: [iter(i)], predicate: i, body: put(one) }))),
    ],
  ])('%s', (message, wrong) => {
    expect(() => verifyFunc(wrong)).toThrow(VerifyError);
    expect(() => verifyFunc(wrong)).toThrow(message);
  });
});
