import { describe, expect, test } from 'vitest';
import { supportsVector } from '../../../compiler/codegen/wasm/index.ts';
import { type DType, dtypes, dtypeTable, isBigInt, isFloat } from '../../../ir/dtype.ts';
import { f16FromNumber, f16ToNumber } from '../../../ir/f16.ts';
import {
  type BinaryOp,
  binaryFunction,
  binaryOps,
  binaryResult,
  castFunction,
  roundTo,
  type Scalar,
  supportsBinary,
  supportsUnary,
  type UnaryOp,
  unaryFunction,
  unaryOps,
  unaryResult,
} from '../../../ir/scalar.ts';
import {
  binary,
  broadcast,
  buffer,
  cast,
  constant,
  int,
  load,
  loop,
  mul,
  ramp,
  store,
  unary,
  variable,
} from '../../../ir/tensor/build.ts';
import type { Buffer, Expr, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { newArray, type TensorData } from '../../../ir/tensor-data.ts';
import { runKernel } from './run-kernel.ts';

/** These are expanded by legalize-math before they reach code generation. */
const expanded = new Set<string>(
  'exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf sigmoid'.split(' '),
);

function edgeValues(dtype: DType): readonly Scalar[] {
  const { kind, bytes } = dtypeTable[dtype];
  if (kind === 'bool') return [0, 1, 1, 0];
  if (kind === 'float') {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const shared = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -7, 0.1, 100.7, -300.2, 2047, 65504, nan, inf, -inf];
    if (dtype === 'f16') return [...shared, 2 ** -24, -(2 ** -14), 1e-5, 60000];
    if (dtype === 'f32')
      return [...shared, 1e-45, -1e-40, 3.4e38, -3.4e38, 2147483648, 4294967296, -3e9, 16777217, 1e10];
    return [...shared, 5e-324, -1e-310, 1.7e308, 2147483647.5, 4294967296, -9.3e18, 1.9e19, 1e15 + 0.5, 1e300];
  }
  const bits = BigInt(bytes * 8);
  const [low, high] = kind === 'int' ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  const small = [0n, 1n, 2n, 3n, 5n, 7n, 8n, 15n, 31n, 33n, 64n, 100n].filter((x) => x <= high);
  const negative = kind === 'int' ? [-1n, -2n, -3n, -7n, -8n, -100n] : [];
  const values = [...small, ...negative, low, low + 1n, high, high - 1n];
  return isBigInt(dtype) ? values : values.map(Number);
}

/** Two columns that hold every pair of the values, and a multiple of four of them. */
function pairs(values: readonly Scalar[]): readonly [readonly Scalar[], readonly Scalar[]] {
  const all = values.flatMap((a) => values.map((b) => [a, b] as const));
  while (all.length % 4 !== 0) all.push(all[0] as readonly [Scalar, Scalar]);
  return [all.map(([a]) => a), all.map(([, b]) => b)];
}

const encode = (dtype: DType, value: Scalar): Scalar => (dtype === 'f16' ? f16FromNumber(value as number) : value);
const decode = (dtype: DType, value: Scalar): Scalar => (dtype === 'f16' ? f16ToNumber(value as number) : value);

function tensor(dtype: DType, values: readonly Scalar[]): TensorData {
  const data = newArray(dtype, values.length);
  for (const [i, value] of values.entries()) data[i] = encode(dtype, value) as never;
  return { dtype, shape: [values.length], data };
}

const scalarsOf = ({ dtype, data }: TensorData): readonly Scalar[] =>
  Array.from(data as Iterable<Scalar>, (value) => decode(dtype, value));

type Meaning = (...operands: readonly Scalar[]) => Scalar;
const unaryMeaning = (op: UnaryOp, dtype: DType) => unaryFunction(op, dtype);
const binaryMeaning = (op: BinaryOp, dtype: DType) => binaryFunction(op, dtype);
const splatOf = (value: Expr, lanes: number) => (lanes === 1 ? value : broadcast(value, lanes));

type Kernel = (loads: readonly Expr[]) => Expr;

/** out[i] = kernel(in0[i], in1[i]), by scalars or by vectors of four. */
function elementwise(from: readonly DType[], to: DType, count: number, lanes: 1 | 4, kernel: Kernel): TensorFunc {
  const inputs = from.map((dtype, i) => buffer(`in${i}`, dtype, [count]));
  const output = buffer('out', to, [count]);
  const index = lanes === 1 ? variable('i') : ramp(mul(variable('i'), int(4)), 4);
  const value = kernel(inputs.map((input: Buffer) => load(input, [index])));
  const body = loop('i', int(count / lanes), store(output, [index], value));
  return { name: 'elementwise', sizes: [], inputs, outputs: [output], temps: [], body };
}

interface Outcome {
  readonly actual: readonly string[];
  readonly expected: readonly string[];
}

/** What the kernel gives for each row of operands, and what the operation means. */
async function outcome(
  columns: readonly TensorData[],
  to: DType,
  lanes: 1 | 4,
  kernel: Kernel,
  meaning: Meaning,
): Promise<Outcome> {
  const count = columns[0]?.shape[0] as number;
  const types = columns.map(({ dtype }) => dtype);
  const [result] = await runKernel(elementwise(types, to, count, lanes, kernel), columns);
  const operands = columns.map(scalarsOf);
  const rows = Array.from({ length: count }, (_, i) => operands.map((column) => column[i] as Scalar));
  // Of vectors, the sign of a zero is not fixed for minima and maxima.
  const show = (x: Scalar) => (Object.is(x, -0) ? (lanes === 4 ? '0' : '-0') : String(x));
  const row = (i: number, value: Scalar) => `${rows[i]?.map(show).join(', ')} → ${show(value)}`;
  return {
    actual: scalarsOf(result as TensorData).map((value, i) => row(i, value)),
    expected: rows.map((values, i) => row(i, meaning(...values))),
  };
}

const lanesFor = (...types: readonly DType[]): readonly (1 | 4)[] => (types.every(supportsVector) ? [1, 4] : [1]);

describe.each(dtypes)('%s', (dtype) => {
  const supported = unaryOps.filter((op) => !expanded.has(op) && supportsUnary(op, dtype));
  test.each(supported)('%s', async (op: UnaryOp) => {
    const column = tensor(dtype, pairs(edgeValues(dtype))[0]);
    for (const lanes of lanesFor(dtype)) {
      const kernel: Kernel = ([x]) => unary(op, x as Expr);
      const { actual, expected } = await outcome(
        [column],
        unaryResult(op, dtype),
        lanes,
        kernel,
        unaryMeaning(op, dtype),
      );
      expect(actual).toEqual(expected);
    }
  });

  const isExpanded = (op: BinaryOp) => op === 'pow' && isFloat(dtype);
  const supportedPairs = binaryOps.filter((op) => !isExpanded(op) && supportsBinary(op, dtype));
  test.each(supportedPairs)('%s', async (op: BinaryOp) => {
    const columns = pairs(edgeValues(dtype)).map((values) => tensor(dtype, values));
    for (const lanes of lanesFor(dtype)) {
      const kernel: Kernel = ([x, y]) => binary(op, x as Expr, y as Expr);
      const { actual, expected } = await outcome(
        columns,
        binaryResult(op, dtype),
        lanes,
        kernel,
        binaryMeaning(op, dtype),
      );
      expect(actual).toEqual(expected);
    }
  });

  const divisions = (['div', 'mod', 'floordiv', 'floormod', 'shl', 'shr'] as const).filter((op) =>
    supportsBinary(op, dtype),
  );
  test.each(divisions)('%s by a constant', async (op) => {
    const column = tensor(dtype, pairs(edgeValues(dtype))[0]);
    for (const lanes of lanesFor(dtype)) {
      for (const value of edgeValues(dtype)) {
        const kernel: Kernel = ([x]) => binary(op, x as Expr, splatOf(constant(value, dtype), lanes));
        const meaning = (x: Scalar) => binaryMeaning(op, dtype)(x, roundTo(dtype)(value));
        const { actual, expected } = await outcome([column], dtype, lanes, kernel, meaning);
        expect(actual, `by ${value}`).toEqual(expected);
      }
    }
  });

  const others = dtypes.filter((to) => to !== dtype);
  test.each(others)('cast to %s', async (to) => {
    const column = tensor(dtype, pairs(edgeValues(dtype))[0]);
    for (const lanes of lanesFor(dtype, to)) {
      const meaning = castFunction(dtype, to);
      const { actual, expected } = await outcome([column], to, lanes, ([x]) => cast(x as Expr, to), meaning);
      expect(actual).toEqual(expected);
    }
  });
});
