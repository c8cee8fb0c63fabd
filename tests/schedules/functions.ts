import type { Dim } from '../../ir/dim.ts';
import { add, binary, buffer, constant, load, loops, mul, seq, store, unary, variable } from '../../ir/tensor/build.ts';
import type { Expr, Iter, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../ir/tensor/verify.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { replay, type Step } from '../../schedules/trace.ts';

/** An iteration variable `v<loop>`, bound to a loop. */
const iter = (loop: string, extent: Dim, kind: Iter['kind'] = 'spatial'): Iter => ({
  name: `v${loop}`,
  kind,
  extent,
  value: variable(loop),
});
const vars = (...names: readonly string[]): readonly Expr[] => names.map((name) => variable(name));
const zero = constant(0, 'f32');

/** T = exp(A), then B = T + T shifted by `shift`. */
export function chain(extent: number, shift = 0): TensorFunc {
  const [A, T, B] = [
    buffer('A', 'f32', [extent + shift]),
    buffer('T', 'f32', [extent + shift]),
    buffer('B', 'f32', [extent]),
  ];
  const produce = store(T, vars('va'), unary('exp', load(A, vars('va'))));
  const shifted = load(T, [add(variable('vi'), { kind: 'const', dtype: 'i32', value: shift })]);
  const consume = store(B, vars('vi'), add(load(T, vars('vi')), shift === 0 ? constant(1, 'f32') : shifted));
  const body = seq([
    loops([['a', extent + shift]], { kind: 'block', name: 'T', iters: [iter('a', extent + shift)], body: produce }),
    loops([['i', extent]], { kind: 'block', name: 'B', iters: [iter('i', extent)], body: consume }),
  ]);
  return { name: 'chain', sizes: [], inputs: [A], outputs: [B], temps: [T], body };
}

/** C = A × B. */
export function matmul(m: number, n: number, k: number): TensorFunc {
  const [A, B, C] = [buffer('A', 'f32', [m, k]), buffer('B', 'f32', [k, n]), buffer('C', 'f32', [m, n])];
  const product = mul(load(A, vars('vi', 'vk')), load(B, vars('vk', 'vj')));
  const body = loops(
    [
      ['i', m],
      ['j', n],
      ['k', k],
    ],
    {
      kind: 'block',
      name: 'C',
      iters: [iter('i', m), iter('j', n), iter('k', k, 'reduce')],
      init: store(C, vars('vi', 'vj'), zero),
      body: store(C, vars('vi', 'vj'), add(load(C, vars('vi', 'vj')), product)),
    },
  );
  return { name: 'matmul', sizes: [], inputs: [A, B], outputs: [C], temps: [], body };
}

/** T = A × B, then D = max(T, 0). */
export function matmulRelu(m: number, n: number, k: number): TensorFunc {
  const product = matmul(m, n, k);
  const [T, D] = [buffer('C', 'f32', [m, n]), buffer('D', 'f32', [m, n])];
  const relu = loops(
    [
      ['x', m],
      ['y', n],
    ],
    {
      kind: 'block',
      name: 'D',
      iters: [iter('x', m), iter('y', n)],
      body: store(D, vars('vx', 'vy'), binary('max', load(T, vars('vx', 'vy')), zero)),
    },
  );
  return { ...product, name: 'matmul_relu', outputs: [D], temps: [T], body: seq([product.body, relu]) };
}

/** S[i] = Σ A[i, k] */
export function rowSum(rows: Dim, columns: Dim, sizes: readonly string[] = []): TensorFunc {
  const [A, S] = [buffer('A', 'f32', [rows, columns]), buffer('S', 'f32', [rows])];
  const body = loops(
    [
      ['i', rows],
      ['k', columns],
    ],
    {
      kind: 'block',
      name: 'S',
      iters: [iter('i', rows), iter('k', columns, 'reduce')],
      init: store(S, vars('vi'), zero),
      body: store(S, vars('vi'), add(load(S, vars('vi')), load(A, vars('vi', 'vk')))),
    },
  );
  return { name: 'row_sum', sizes, inputs: [A], outputs: [S], temps: [], body };
}

/** Y[i] = X[i] + Y[i-1], every iteration of which needs the one before. */
export function scan(extent: number): TensorFunc {
  const [X, Y] = [buffer('X', 'f32', [extent]), buffer('Y', 'f32', [extent + 1])];
  const body = seq([
    { kind: 'block', name: 'first', iters: [], body: store(Y, [{ kind: 'const', dtype: 'i32', value: 0 }], zero) },
    loops([['i', extent]], {
      kind: 'block',
      name: 'Y',
      iters: [iter('i', extent)],
      body: store(
        Y,
        [add(variable('vi'), { kind: 'const', dtype: 'i32', value: 1 })],
        add(load(X, vars('vi')), load(Y, vars('vi'))),
      ),
    }),
  ]);
  return { name: 'scan', sizes: [], inputs: [X], outputs: [Y], temps: [], body };
}

/** T[i] = x where x, one element, is A[i] for a while; then B = T. */
export function passing(extent: number): TensorFunc {
  const [A, x, T, B] = [
    buffer('A', 'f32', [extent]),
    buffer('x', 'f32', [1]),
    buffer('T', 'f32', [extent]),
    buffer('B', 'f32', [extent]),
  ];
  const first: readonly Expr[] = [{ kind: 'const', dtype: 'i32', value: 0 }];
  const body = seq([
    loops(
      [['i', extent]],
      seq([
        { kind: 'block', name: 'x', iters: [iter('i', extent)], body: store(x, first, load(A, vars('vi'))) },
        {
          kind: 'block',
          name: 'T',
          iters: [{ ...iter('i', extent), name: 'vt' }],
          body: store(T, vars('vt'), load(x, first)),
        },
      ]),
    ),
    loops([['b', extent]], {
      kind: 'block',
      name: 'B',
      iters: [iter('b', extent)],
      body: store(B, vars('vb'), load(T, vars('vb'))),
    }),
  ]);
  return { name: 'passing', sizes: [], inputs: [A], outputs: [B], temps: [x, T], body };
}

/** The text of a function after some steps, verified. */
export function textAfter(func: TensorFunc, ...steps: readonly Step[]): string {
  const result = replay(func, steps);
  verifyFunc(result);
  return printTensorFunc(result);
}
