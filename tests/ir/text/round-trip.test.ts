import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Graph, Value } from '../../../ir/graph/graph.ts';
import { binary, constant, load, store, unary, variable } from '../../../ir/tensor/build.ts';
import type { Buffer as IrBuffer, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { parseGraph, parseTensorFunc } from '../../../ir/text/parse.ts';
import { printGraph } from '../../../ir/text/print-graph.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { arbitraryGraph } from '../../generators/graph.ts';
import { arbitraryTensorFunc } from '../../generators/tensor-func.ts';
import { oddFunc } from './odd-func.ts';
import { oddGraph, oddNode, opNames } from './odd-graph.ts';
import { arbitraryDraw } from './odd-names.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 300);

describe('parse(print(x)) is x', () => {
  test.each([
    ['random functions', arbitraryTensorFunc()],
    ['functions of every form', arbitraryDraw.map(oddFunc)],
  ])('%s', (_, funcs) => {
    const property = fc.property(funcs, (func) => {
      const text = printTensorFunc(func);
      const parsed = parseTensorFunc(text);
      // Not expect's toStrictEqual, which a property called 'constructor' misleads.
      deepStrictEqual(parsed, func);
      expect(printTensorFunc(parsed)).toBe(text);
    });
    fc.assert(property, { numRuns: runs });
  });

  test.each([
    ['random graphs', arbitraryGraph().map(({ graph }) => graph)],
    ['graphs of every form', arbitraryDraw.map((draw) => oddGraph(draw))],
  ])('%s', (_, graphs) => {
    const property = fc.property(graphs, (graph) => {
      const text = printGraph(graph);
      const parsed = parseGraph(text);
      deepStrictEqual(parsed, graph);
      expect(printGraph(parsed)).toBe(text);
    });
    fc.assert(property, { numRuns: runs });
  });

  test.each(opNames)('the attributes of %s', (op) => {
    const property = fc.property(arbitraryDraw, (draw) => {
      const output: Value = { name: 'y', type: { dtype: 'f32', shape: [] } };
      const nodes = [oddNode(draw, op, [], [output], new Set(), 1)];
      const graph: Graph = { name: 'g', inputs: [], constants: [], nodes, outputs: [] };
      deepStrictEqual(parseGraph(printGraph(graph)), graph);
    });
    fc.assert(property, { numRuns: 10 });
  });

  test('the bits of a NaN', () => {
    const data = new Float32Array(new Uint32Array([0x7fc00001, 0xffc00000, 0x7fc00000]).buffer);
    const constants = [{ name: 'n', data: { dtype: 'f32', shape: [3], data } }] as const;
    const parsed = parseGraph(printGraph({ name: 'g', inputs: [], constants, nodes: [], outputs: [] }));
    expect(new Uint32Array(parsed.constants[0]?.data.data.buffer as ArrayBuffer)).toEqual(new Uint32Array(data.buffer));
  });
});

const target: IrBuffer = { name: 'C', dtype: 'f32', shape: [8], scope: 'global' };
const assign = (value: number): Stmt => ({ kind: 'assign', name: 'x', value: constant(value, 'i32') });
const funcOf = (body: Stmt): TensorFunc => ({ name: 'f', sizes: [], inputs: [], outputs: [target], temps: [], body });
const bodyText = (body: Stmt): string =>
  printTensorFunc(funcOf(body)).split('\n').slice(1, -2).join('\n').replaceAll(/^ {2}/gm, '');

describe('sequences and lets', () => {
  const let_ = (name: string, body: Stmt): Stmt => ({
    kind: 'let',
    name,
    mutable: false,
    value: constant(0, 'i32'),
    body,
  });
  const seq = (...stmts: readonly Stmt[]): Stmt => ({ kind: 'seq', stmts });

  test.each([
    [
      'a let at the end has the rest',
      seq(assign(1), let_('x', seq(assign(2), assign(3)))),
      'x := 1\nlet x = 0\nx := 2\nx := 3',
    ],
    ['a let before others has braces', seq(let_('x', assign(1)), assign(2)), 'let x = 0 {\n  x := 1\n}\nx := 2'],
    ['a sequence in a sequence', seq(seq(assign(1), assign(2)), assign(3)), 'do {\n  x := 1\n  x := 2\n}\nx := 3'],
    ['a sequence of one', seq(assign(1)), 'do {\n  x := 1\n}'],
    ['an empty sequence', seq(), ''],
    ['an empty sequence of an empty sequence', seq(seq()), 'do {\n  do {\n  }\n}'],
  ])('%s', (_, body, text) => {
    expect(bodyText(body)).toBe(text);
    expect(parseTensorFunc(printTensorFunc(funcOf(body))).body).toStrictEqual(body);
  });

  test('lets nest as deep as a lowered kernel needs', () => {
    let body = assign(0);
    for (let i = 0; i < 5000; i++) body = let_(`x${i}`, body);
    const text = printTensorFunc(funcOf(body));
    expect(printTensorFunc(parseTensorFunc(text))).toBe(text);
    expect(text.length).toBeLessThan(100_000);
  });
});

describe('expressions', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => variable(name));
  if (a === undefined || b === undefined || c === undefined) throw new Error('three variables');
  test.each([
    ['a - b - c', binary('sub', binary('sub', a, b), c)],
    ['a - (b - c)', binary('sub', a, binary('sub', b, c))],
    ['(a + b) * c', binary('mul', binary('add', a, b), c)],
    ['a + b * c', binary('add', a, binary('mul', b, c))],
    ['a < b == (b < c)', undefined],
    ['(a < b) == (b < c)', binary('eq', binary('lt', a, b), binary('lt', b, c))],
    [
      'a < b && b < c || a == c',
      binary('or', binary('and', binary('lt', a, b), binary('lt', b, c)), binary('eq', a, c)),
    ],
    ['a - -3', binary('sub', a, constant(-3, 'i32'))],
    ['min(floordiv(a, 4), -1)', binary('min', binary('floordiv', a, constant(4, 'i32')), constant(-1, 'i32'))],
    ['neg(x:f32x4)', unary('neg', variable('x', 'f32', 4))],
    ['%C[a]', load(target, [a])],
    ['0.1f32', constant(Math.fround(0.1), 'f32')],
    ['-inff32', constant(-Infinity, 'f32')],
    ['18446744073709551615u64', constant(2n ** 64n - 1n, 'u64')],
  ])('%s', (text, expr) => {
    const parse = () => parseTensorFunc(`func @f() -> (%C: f32[8]) { %C[0] = ${text} }`).body;
    if (expr === undefined) expect(parse).toThrow('comparisons do not chain');
    else expect(parse()).toStrictEqual(store(target, [constant(0, 'i32')], expr));
  });

  test('comments and line breaks are blanks', () => {
    const text = 'func @f() # no inputs\n  -> (%C: f32[8]) {\n# nothing\n  %C[0] = 1f32 +\n    2f32 # "\n}';
    expect(printTensorFunc(parseTensorFunc(text))).toBe('func @f() -> (%C: f32[8]) {\n  %C[0] = 1f32 + 2f32\n}\n');
  });
});

describe('speed and size', () => {
  test('a function of 6000 statements', () => {
    const stmts = Array.from({ length: 6000 }, (_, i) =>
      store(target, [variable('i')], binary('add', load(target, [variable('i')]), constant(i, 'f32'))),
    );
    const text = printTensorFunc(funcOf({ kind: 'seq', stmts }));
    const start = performance.now();
    expect(printTensorFunc(parseTensorFunc(text))).toBe(text);
    expect(performance.now() - start).toBeLessThan(3000);
  });

  test('a sum of 3000 terms', () => {
    const sum = Array.from({ length: 3000 }, (_, i) => `${i}f32`).join(' + ');
    const { body } = parseTensorFunc(`func @f() -> (%C: f32[8]) { %C[0] = ${sum} }`);
    expect(body).toMatchObject({ kind: 'store', value: { right: { value: 2999 } } });
  });

  test('a graph with 20 MB of constants', () => {
    const data = new Float32Array(5_000_000).map((_, i) => i);
    const constants = [{ name: 'w', data: { dtype: 'f32', shape: [data.length], data } }] as const;
    const text = printGraph({ name: 'g', inputs: [], constants, nodes: [], outputs: [] });
    const start = performance.now();
    const parsed = parseGraph(text);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(
      Buffer.compare(Buffer.from(parsed.constants[0]?.data.data.buffer as ArrayBuffer), Buffer.from(data.buffer)),
    ).toBe(0);
  });
});
