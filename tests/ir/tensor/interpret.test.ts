import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../ir/dim.ts';
import type { DType } from '../../../ir/dtype.ts';
import {
  add,
  binary,
  bitcast,
  block,
  broadcast,
  buffer,
  cast,
  constant,
  extract,
  int,
  less,
  load,
  loop,
  loops,
  mul,
  ramp,
  select,
  seq,
  store,
  variable,
} from '../../../ir/tensor/build.ts'; // prettier-ignore
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { Buffer, Expr, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';

const i = variable('i');
const f32 = (value: number): Expr => constant(value, 'f32');
const A = buffer('A', 'f32', [4]);
const C = buffer('C', 'f32', [4]);
const floats = (...values: number[]): TensorData => ({
  dtype: 'f32',
  shape: [values.length],
  data: Float32Array.from(values),
});

const func = (
  body: Stmt,
  inputs: readonly Buffer[] = [A],
  outputs: readonly Buffer[] = [C],
  temps: readonly Buffer[] = [],
): TensorFunc => ({
  name: 'f',
  sizes: [],
  inputs,
  outputs,
  temps,
  body,
});

function run(checked: TensorFunc, ...inputs: TensorData[]): readonly (number | bigint)[] {
  verifyFunc(checked);
  return [...(interpretFunc(checked, inputs)[0]?.data ?? [])];
}

function matmul(m: number, n: number, k: number): TensorFunc {
  const [X, Y, Z] = [buffer('X', 'f32', [m, k]), buffer('Y', 'f32', [k, n]), buffer('Z', 'f32', [m, n])];
  const [vi, vj, vk] = ['vi', 'vj', 'vk'].map((name) => variable(name)) as [Expr, Expr, Expr];
  const body = block({
    name: 'Z',
    iters: [
      { name: 'vi', kind: 'spatial', extent: m, value: variable('i') },
      { name: 'vj', kind: 'spatial', extent: n, value: variable('j') },
      { name: 'vk', kind: 'reduce', extent: k, value: variable('k') },
    ],
    init: store(Z, [vi, vj], f32(0)),
    body: store(Z, [vi, vj], add(load(Z, [vi, vj]), mul(load(X, [vi, vk]), load(Y, [vk, vj])))),
  });
  return func(
    loops(
      [
        ['i', m],
        ['j', n],
        ['k', k],
      ],
      body,
    ),
    [X, Y],
    [Z],
  );
}

describe('statements', () => {
  test('a reduction starts from its init', () => {
    const x = { dtype: 'f32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
    const y = { dtype: 'f32', shape: [3, 1], data: Float32Array.of(1, 10, 100) } as const;
    expect(run(matmul(2, 1, 3), x, y)).toEqual([321, 654]);
  });

  test('a predicate keeps instances from running', () => {
    const at = add(mul(variable('o'), int(3)), i);
    const guarded = block({
      name: 'b',
      iters: [{ name: 'v', kind: 'spatial', extent: 4, value: at }],
      predicate: less(at, int(4)),
      body: store(C, [variable('v')], load(A, [variable('v')])),
    });
    expect(
      run(
        func(
          loops(
            [
              ['o', 2],
              ['i', 3],
            ],
            guarded,
          ),
        ),
        floats(1, 2, 3, 4),
      ),
    ).toEqual([1, 2, 3, 4]);
  });

  test('registers hold scalars and vectors', () => {
    const sum = variable('sum', 'f32', 4);
    const four = (index: Expr): Expr => ramp(index, 4);
    const body: Stmt = {
      kind: 'let',
      name: 'sum',
      mutable: true,
      value: broadcast(f32(1), 4),
      body: seq([
        loop('i', int(3), { kind: 'assign', name: 'sum', value: add(sum, load(A, [four(int(0))])) }),
        store(C, [four(int(0))], sum),
      ]),
    };
    expect(run(func(body), floats(1, 2, 3, 4))).toEqual([4, 7, 10, 13]);
  });

  test('64-bit registers', () => {
    const wide = buffer('W', 'i64', []);
    const body: Stmt = {
      kind: 'let',
      name: 'x',
      mutable: false,
      value: constant(2n ** 62n, 'i64'),
      body: store(wide, [], mul(variable('x', 'i64'), constant(4n, 'i64'))),
    };
    expect(run(func(body, [], [wide]))).toEqual([0n]);
  });

  test('sizes come from the shapes of inputs', () => {
    const n = symbolDim('n');
    const [source, target] = [buffer('S', 'f32', [n]), buffer('T', 'f32', [n])];
    const body = loop('i', variable('n'), store(target, [i], load(source, [i])));
    const symbolic: TensorFunc = { ...func(body, [source], [target]), sizes: ['n'] };
    expect(run(symbolic, floats(5, 6, 7))).toEqual([5, 6, 7]);
    expect(() => interpretFunc({ ...symbolic, inputs: [] }, [])).toThrow('the size n is not given');
  });

  test('what is not written shows', () => {
    expect(run(func(store(C, [int(0)], f32(1))), floats(0, 0, 0, 0))).toEqual([1, Number.NaN, Number.NaN, Number.NaN]);
  });

  test('all lanes are read before the first is written', () => {
    const body = seq([
      loop('i', int(4), store(C, [i], load(A, [i]))),
      store(C, [ramp(int(1), 3)], load(C, [ramp(int(0), 3)])),
    ]);
    expect(run(func(body), floats(1, 2, 3, 4))).toEqual([1, 1, 2, 3]);
  });
});

describe('expressions', () => {
  test('select evaluates the loads of the chosen side only, lane by lane', () => {
    const shifted = (index: Expr): Expr => binary('sub', index, int(1));
    const scalar = loop('i', int(4), store(C, [i], select(less(i, int(1)), f32(9), load(A, [shifted(i)]))));
    expect(run(func(scalar), floats(1, 2, 3, 4))).toEqual([9, 1, 2, 3]);
    const lanes = ramp(int(0), 4);
    const inside = binary('ge', lanes, broadcast(int(1), 4));
    const vector = store(C, [lanes], select(inside, load(A, [ramp(int(-1), 4)]), broadcast(f32(9), 4)));
    expect(run(func(vector), floats(1, 2, 3, 4))).toEqual([9, 1, 2, 3]);
  });

  test('gathers and lanes', () => {
    const reversed = binary('sub', broadcast(int(3), 4), ramp(int(0), 4));
    expect(run(func(store(C, [ramp(int(0), 4)], load(A, [reversed]))), floats(1, 2, 3, 4))).toEqual([4, 3, 2, 1]);
    const last = loop('i', int(4), store(C, [i], extract(load(A, [ramp(int(0), 4)]), 3)));
    expect(run(func(last), floats(1, 2, 3, 4))).toEqual([4, 4, 4, 4]);
  });

  test('f32 rounds after each operation, f16 in its own precision', () => {
    const half = buffer('H', 'f16', [1]);
    const body = store(half, [int(0)], add(load(half, [int(0)]), constant(2048, 'f16')));
    const once = seq([store(half, [int(0)], constant(1, 'f16')), body]);
    expect(run(func(once, [], [half]))).toEqual([0x6800]);
  });

  test.each<[DType, DType, number | bigint, number | bigint]>([
    ['f32', 'i32', -1, 0xbf800000 | 0],
    ['f32', 'u32', -1, 0xbf800000],
    ['i32', 'f32', 0x3fc00000, 1.5],
    ['f64', 'i64', -2, -(2n ** 62n)],
    ['u64', 'f64', 0x3ff8000000000000n, 1.5],
    ['f16', 'u16', 1, 0x3c00],
    ['i16', 'f16', -17408, -1],
    ['i8', 'u8', -1, 255],
    ['u32', 'i32', 2 ** 32 - 1, -1],
    ['i64', 'u64', -1n, 2n ** 64n - 1n],
  ])('the bits of %s as %s', (from, to, value, expected) => {
    const seen: DType = to === 'f16' ? 'f32' : to;
    const out = buffer('O', seen, []);
    expect(run(func(store(out, [], cast(bitcast(constant(value, from), to), seen)), [], [out]))).toEqual([expected]);
  });
});

describe('errors', () => {
  test('an index outside of a buffer names function, buffer, index and shape', () => {
    const far = loop('i', int(5), store(C, [int(0)], load(A, [i])));
    expect(() => interpretFunc(func(far), [floats(1, 2, 3, 4)])).toThrow('f: index [4] is outside of %A[4]');
    const wide = buffer('W', 'f32', [2, 3]);
    const body = loop('i', int(4), store(wide, [int(1), binary('mul', i, int(2))], f32(1)));
    expect(() => interpretFunc(func(body, [], [wide]), [])).toThrow('f: index [1, 4] is outside of %W[2, 3]');
  });

  test('an input of another shape or dtype', () => {
    const body = store(C, [int(0)], f32(1));
    expect(() => interpretFunc(func(body), [floats(1, 2)])).toThrow('input %A is f32[4], but was given f32[2]');
    expect(() => interpretFunc(func(body), [])).toThrow('input %A is missing');
  });

  test('a block variable outside of its extent', () => {
    const body = loop(
      'i',
      int(4),
      block({ name: 'b', iters: [{ name: 'v', kind: 'spatial', extent: 3, value: i }], body: store(C, [i], f32(0)) }),
    );
    expect(() => interpretFunc(func(body, []), [])).toThrow('f, block b: v = 3 is outside of its extent 3');
  });
});
