import { describe, expect, test } from 'vitest';
import type { WasmOptions } from '../../../compiler/codegen/wasm/index.ts';
import { legalizeMath } from '../../../compiler/tensor-passes/legalize-math.ts';
import type { DType } from '../../../ir/dtype.ts';
import { UnsupportedError } from '../../../ir/errors.ts';
import { f16ToNumber } from '../../../ir/f16.ts';
import { binaryFunction, type UnaryOp, unaryFunction } from '../../../ir/scalar.ts';
import {
  binary,
  broadcast,
  buffer,
  constant,
  int,
  load,
  loop,
  mul,
  ramp,
  select,
  store,
  unary,
  variable,
} from '../../../ir/tensor/build.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { Expr, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { sweep, ulpError } from '../codegen/float-error.ts';
import { instantiate, runKernel } from '../codegen/run-kernel.ts';

/** The error that legalize-math states, in ulp. */
const limits = {
  exp: 2,
  log: 2,
  sin: 4,
  cos: 4,
  tan: 4,
  asin: 4,
  acos: 4,
  atan: 4,
  sinh: 4,
  cosh: 4,
  tanh: 4,
  asinh: 4,
  acosh: 4,
  atanh: 4,
  erf: 4,
  sigmoid: 4,
} as const satisfies Partial<Record<UnaryOp, number>>;
const ops = Object.keys(limits) as (keyof typeof limits)[];

/** A step that is prime, so that the sweep meets all exponents and mantissas; a thousandth of all floats, about. */
const STEP = Number(process.env['TILEWRIGHT_SWEEP_STEP'] ?? 4999);
const COUNT = 1 << 14;

type Kernel = (loads: readonly Expr[]) => Expr;

/** out[i] = kernel(in0[i], …), by scalars or by vectors of four. */
function elementwise(arity: number, count: number, lanes: 1 | 4, kernel: Kernel, dtype: DType = 'f32'): TensorFunc {
  const inputs = Array.from({ length: arity }, (_, i) => buffer(`in${i}`, dtype, [count]));
  const output = buffer('out', dtype, [count]);
  const index = lanes === 1 ? variable('i') : ramp(mul(variable('i'), int(4)), 4);
  const value = kernel(inputs.map((input) => load(input, [index])));
  const body = loop('i', int(count / lanes), store(output, [index], value));
  return { name: 'kernel', sizes: [], inputs, outputs: [output], temps: [], body };
}

interface Worst {
  readonly error: number;
  readonly operands: readonly number[];
  readonly actual: number;
}

const within =
  (limit: number) =>
  ({ error }: Worst): boolean =>
    error <= limit;

async function worstOf(
  func: TensorFunc,
  batches: Iterable<readonly Float32Array[]>,
  exact: (...x: readonly number[]) => number,
  options: WasmOptions = {},
): Promise<Worst> {
  const lowered = legalizeMath(func);
  verifyFunc(lowered);
  const kernel = await instantiate(lowered, new Map(), options);
  let worst: Worst = { error: 0, operands: [], actual: 0 };
  for (const columns of batches) {
    for (const [i, data] of columns.entries()) kernel.write(i, { dtype: 'f32', shape: [data.length], data });
    kernel.run();
    for (const [i, value] of kernel.read(columns.length).data.entries()) {
      const [operands, actual] = [columns.map((column) => column[i] as number), Number(value)];
      const error = ulpError(actual, exact(...operands));
      if (!(error <= worst.error)) worst = { error, operands, actual };
    }
  }
  return worst;
}

describe.each(ops)('%s', (op) => {
  const exact = unaryFunction(op, 'f64') as (x: number) => number;

  test.each([4, 1] as const)('is within its error over all floats, by %i lanes', async (lanes) => {
    const func = elementwise(1, COUNT, lanes, ([x]) => unary(op, x as Expr));
    const batches = sweep(lanes === 4 ? STEP : STEP * 10, COUNT);
    const worst = await worstOf(func, batches, exact);
    expect(worst).toSatisfy(within(limits[op]));
  });

  test('is within its error where products are fused into sums', async () => {
    const func = elementwise(1, COUNT, 4, ([x]) => unary(op, x as Expr));
    const worst = await worstOf(func, sweep(STEP * 3, COUNT), exact, { relaxedSimd: true });
    expect(worst).toSatisfy(within(limits[op]));
  });

  test('means the same in the interpreter as in the kernel', async () => {
    const func = legalizeMath(elementwise(1, 64, 4, ([x]) => unary(op, x as Expr)));
    const data = Float32Array.from({ length: 64 }, (_, i) => (i - 30) ** 3 / 700);
    const inputs = [{ dtype: 'f32', shape: [64], data }] as const;
    const [expected] = interpretFunc(func, inputs);
    const [actual] = await runKernel(func, inputs);
    expect(Array.from(actual?.data as Float32Array)).toEqual(Array.from(expected?.data as Float32Array));
  });

  test('on f16 is computed in f32 and rounded', async () => {
    const func = legalizeMath(elementwise(1, 1 << 16, 1, ([x]) => unary(op, x as Expr), 'f16'));
    const data = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
    const [result] = await runKernel(func, [{ dtype: 'f16', shape: [1 << 16], data }]);
    const half = unaryFunction(op, 'f16') as (x: number) => number;
    let steps = 0;
    for (const [i, value] of (result as TensorData).data.entries()) {
      const expected = half(f16ToNumber(i));
      if (Object.is(f16ToNumber(Number(value)), expected)) continue;
      const spacing = Math.max(2 ** (Math.floor(Math.log2(Math.abs(expected))) - 10), 2 ** -24);
      steps = Math.max(
        steps,
        Number.isFinite(expected) ? Math.abs(f16ToNumber(Number(value)) - expected) / spacing : Infinity,
      );
    }
    expect(steps).toBeLessThanOrEqual(1);
  });
});

test.each([false, true])('exp of what is 0 at most is within 2 ulp, fused %s', async (relaxedSimd) => {
  const zero = broadcast(constant(0, 'f32'), 4);
  const func = elementwise(1, COUNT, 4, ([x]) => unary('exp', binary('min', x as Expr, zero)));
  const worst = await worstOf(func, sweep(STEP, COUNT), (x) => Math.exp(Math.min(x, 0)), { relaxedSimd });
  expect(worst).toSatisfy(within(2));
});

/** 1 + erf(x) of a gelu is multiplied by an x that may be large. */
test.each([false, true])(
  'far from 0, erf, tanh and sigmoid are their limits exactly, fused %s',
  async (relaxedSimd) => {
    const data = Float32Array.from({ length: COUNT }, (_, i) => 10 + i ** 2);
    const results = async (op: UnaryOp, sign: 1 | -1): Promise<ReadonlySet<number>> => {
      const func = legalizeMath(elementwise(1, COUNT, 4, ([x]) => unary(op, x as Expr)));
      const kernel = await instantiate(func, new Map(), { relaxedSimd });
      kernel.write(0, { dtype: 'f32', shape: [COUNT], data: data.map((x) => (op === 'sigmoid' ? 12 : 1) * sign * x) });
      kernel.run();
      return new Set(Array.from(kernel.read(1).data, Number));
    };
    for (const op of ['erf', 'tanh', 'sigmoid'] as const) {
      expect(await results(op, 1)).toEqual(new Set([1]));
      expect(await results(op, -1)).toEqual(new Set([op === 'sigmoid' ? 0 : -1]));
    }
  },
);

describe('pow', () => {
  const exact = binaryFunction('pow', 'f64') as (x: number, y: number) => number;
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const specials = [
    0,
    -0,
    1,
    -1,
    2,
    -2,
    3,
    -3,
    0.5,
    -0.5,
    -1.5,
    inf,
    -inf,
    nan,
    2 ** -149,
    3.4e38,
    -3.4e38,
    1 + 2 ** -23,
    1 - 2 ** -24,
    2 ** 24,
    2 ** 24 + 2,
    1e30,
  ];

  /** Bases of all sizes, with exponents that make results of all sizes; some of them whole, of bases below 0 too. */
  function* batches(): Generator<readonly Float32Array[]> {
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const all = specials.flatMap((x) => specials.map((y) => [x, y] as const));
    for (let round = 0; round < 24; round++) {
      const [bases, exponents] = [new Float32Array(COUNT), new Float32Array(COUNT)];
      for (let i = 0; i < COUNT; i++) {
        const spread = round % 3 === 0 ? 1 : round % 3 === 1 ? 20 : 175;
        const base = Math.fround(Math.exp((random() - 0.5) * spread));
        const exponent = ((random() * 2 - 1) * 155) / Math.max(Math.abs(Math.log2(base)), 1e-7);
        const isWhole = i % 4 === 0;
        bases[i] = isWhole && i % 8 === 0 ? -base : base;
        exponents[i] = isWhole ? Math.round(exponent) : exponent;
      }
      if (round === 0) for (const [i, [x, y]] of all.entries()) [bases[i], exponents[i]] = [x, y];
      yield [bases, exponents];
    }
  }

  test.each([4, 1] as const)('is within 4 ulp, by %i lanes', async (lanes) => {
    const func = elementwise(2, COUNT, lanes, ([x, y]) => binary('pow', x as Expr, y as Expr));
    const worst = await worstOf(func, batches(), exact);
    expect(worst).toSatisfy(within(4));
  });

  test('is within 4 ulp where products are fused into sums', async () => {
    const func = elementwise(2, COUNT, 4, ([x, y]) => binary('pow', x as Expr, y as Expr));
    const worst = await worstOf(func, batches(), exact, { relaxedSimd: true });
    expect(worst).toSatisfy(within(4));
  });

  test.each([1, 2, 3, -1, 0.5, 0, 0.25, -2])('of the constant exponent %f is within 4 ulp', async (exponent) => {
    const func = elementwise(1, COUNT, 4, ([x]) => binary('pow', x as Expr, broadcast(constant(exponent, 'f32'), 4)));
    const columns = sweep(STEP * 10, COUNT);
    const worst = await worstOf(func, columns, (x) => exact(x, exponent));
    expect(worst).toSatisfy(within(4));
  });
});

describe('what an expansion names', () => {
  const data = buffer('in', 'f32', [4]);
  const output = buffer('out', 'f32', [4]);
  const guard = (lanes: 1 | 4): TensorFunc => {
    const index = lanes === 1 ? variable('i') : ramp(int(-2), 4);
    const moved = lanes === 1 ? binary('sub', index, int(2)) : index;
    const splat = (value: Expr) => (lanes === 1 ? value : broadcast(value, 4));
    const value = select(
      binary('ge', moved, splat(int(0))),
      unary('exp', unary('tanh', load(data, [moved]))),
      splat(constant(-1, 'f32')),
    );
    const body = store(output, [lanes === 1 ? index : ramp(int(0), 4)], value);
    return {
      name: 'guarded',
      sizes: [],
      inputs: [data],
      outputs: [output],
      temps: [],
      body: lanes === 1 ? loop('i', int(4), body) : body,
    };
  };

  test.each([1, 4] as const)('does not load what a select guards, by %i lanes', async (lanes) => {
    const func = legalizeMath(guard(lanes));
    verifyFunc(func);
    const inputs = [{ dtype: 'f32', shape: [4], data: Float32Array.of(0, 1, 5, 5) }] as const;
    const [expected] = interpretFunc(func, inputs);
    const [actual] = await runKernel(func, inputs);
    expect(Array.from(actual?.data as Float32Array)).toEqual(Array.from(expected?.data as Float32Array));
    expect(Array.from(actual?.data as Float32Array).slice(0, 3)).toEqual([-1, -1, 1]);
  });

  test('is no function without such operations', () => {
    const func = elementwise(1, 4, 1, ([x]) => unary('sqrt', x as Expr));
    expect(legalizeMath(func)).toBe(func);
  });

  test('f64 is refused by name', () => {
    const func = elementwise(1, 4, 1, ([x]) => unary('erf', x as Expr), 'f64');
    expect(() => legalizeMath(func)).toThrow(UnsupportedError);
    expect(() => legalizeMath(func)).toThrow(/erf on f64, in kernel kernel/);
  });
});
