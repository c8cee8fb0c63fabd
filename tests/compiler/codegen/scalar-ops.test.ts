import { describe, expect, test } from 'vitest';
import { type DType, dtypes, isFloat } from '../../../ir/dtype.ts';
import {
  binaryFunction,
  binaryOps,
  binaryResult,
  castFunction,
  roundTo,
  type Scalar,
  supportsBinary,
  supportsUnary,
  unaryFunction,
  unaryOps,
  unaryResult,
} from '../../../ir/scalar.ts';
import {
  add,
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
  seq,
  store,
  unary,
  variable,
} from '../../../ir/tensor/build.ts';
import type { Buffer, Expr, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { edgeValues, pairs, scalarsOf, tensor } from './edge-values.ts';
import { type KernelRunner, kernelRunners, missingRunners } from './kernel-runners.ts';

/** These are expanded by legalize-math before they reach code generation. */
const expanded = new Set<string>(
  'exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf sigmoid'.split(' '),
);

interface Operation {
  readonly name: string;
  readonly make: (loads: readonly Expr[], lanes: number) => Expr;
  readonly meaning: (...operands: readonly Scalar[]) => Scalar;
  /** An operand that stands in the kernel. */
  readonly by?: Scalar;
}

const splatOf = (value: Expr, lanes: number) => (lanes === 1 ? value : broadcast(value, lanes));

/** out[k·count + i] = operation k (in0[i], in1[i]), by scalars or by vectors of four. */
function elementwise(
  from: readonly DType[],
  to: DType,
  count: number,
  lanes: 1 | 4,
  operations: readonly Operation[],
): TensorFunc {
  const inputs = from.map((dtype, i) => buffer(`in${i}`, dtype, [count]));
  const output = buffer('out', to, [count * operations.length]);
  const place = (offset: number): Expr => {
    const first = lanes === 1 ? variable('i') : mul(variable('i'), int(4));
    const at = offset === 0 ? first : add(first, int(offset));
    return lanes === 1 ? at : ramp(at, 4);
  };
  const loads = inputs.map((input: Buffer) => load(input, [place(0)]));
  const stores = operations.map(({ make }, k) => store(output, [place(k * count)], make(loads, lanes)));
  const body = loop('i', int(count / lanes), seq(stores));
  return { name: 'elementwise', sizes: [], inputs, outputs: [output], temps: [], body };
}

/** What a runner computes otherwise than the operations mean, by scalars and by vectors. */
async function differences(
  runner: KernelRunner,
  columns: readonly TensorData[],
  to: DType,
  operations: readonly Operation[],
): Promise<readonly string[]> {
  if (operations.length === 0) return [];
  const count = columns[0]?.shape[0] as number;
  const types = columns.map(({ dtype }) => dtype);
  const operands = columns.map(scalarsOf);
  const rows = Array.from({ length: count }, (_, i) => operands.map((column) => column[i] as Scalar));
  const widths = [...types, to].every(runner.hasVectors) ? ([1, 4] as const) : ([1] as const);
  const found: string[] = [];
  for (const lanes of widths) {
    const [result] = await runner.run(elementwise(types, to, count, lanes, operations), columns);
    const values = scalarsOf(result as TensorData);
    for (const [k, { name, meaning, by }] of operations.entries())
      for (const [i, loaded] of rows.entries()) {
        const row = by === undefined ? loaded : [...loaded, by];
        const [actual, expected] = [values[k * count + i] as Scalar, meaning(...row)];
        const isAccepted = runner.accepts(actual, expected, row, to, name);
        if (!isAccepted) found.push(`${name} of ${row.join(', ')} in ${lanes} lanes: ${actual} instead of ${expected}`);
      }
  }
  return found;
}

const columnOf = (dtype: DType): TensorData => {
  const values = edgeValues(dtype);
  return tensor(dtype, [...values, ...values.slice(0, (4 - (values.length % 4)) % 4)]);
};

const unaryOperations = (dtype: DType, to: DType): readonly Operation[] =>
  unaryOps
    .filter((op) => !expanded.has(op) && supportsUnary(op, dtype) && unaryResult(op, dtype) === to)
    .map((op) => ({ name: op, make: ([x]) => unary(op, x as Expr), meaning: unaryFunction(op, dtype) }));

const isExpanded = (op: string, dtype: DType): boolean => op === 'pow' && isFloat(dtype);

const binaryOperations = (dtype: DType, to: DType): readonly Operation[] =>
  binaryOps
    .filter((op) => !isExpanded(op, dtype) && supportsBinary(op, dtype) && binaryResult(op, dtype) === to)
    .map((op) => ({
      name: op,
      make: ([x, y]) => binary(op, x as Expr, y as Expr),
      meaning: binaryFunction(op, dtype),
    }));

const byConstants = (op: 'div' | 'mod' | 'floordiv' | 'floormod' | 'shl' | 'shr', dtype: DType): readonly Operation[] =>
  edgeValues(dtype).map((value) => ({
    name: op,
    make: ([x], lanes) => binary(op, x as Expr, splatOf(constant(value, dtype), lanes)),
    meaning: binaryFunction(op, dtype),
    by: roundTo(dtype)(value),
  }));

test.for(missingRunners)('%s', (_, { skip }) => skip());

describe.each(kernelRunners)('$name', (runner) => {
  describe.each(dtypes.filter(runner.holds))('%s', (dtype) => {
    const results = dtype === 'bool' ? [dtype] : [dtype, 'bool' as const];
    test('operators of one operand', async () => {
      for (const to of results)
        expect(await differences(runner, [columnOf(dtype)], to, unaryOperations(dtype, to))).toEqual([]);
    });

    test('operators of two operands', async () => {
      const columns = pairs(edgeValues(dtype)).map((values) => tensor(dtype, values));
      for (const to of results) expect(await differences(runner, columns, to, binaryOperations(dtype, to))).toEqual([]);
    });

    const divisions = (['div', 'mod', 'floordiv', 'floormod', 'shl', 'shr'] as const).filter(
      (op) => supportsBinary(op, dtype) && !(runner.isSlow && isFloat(dtype) && op !== 'div'),
    );
    test.each(divisions)('%s by a constant', async (op) => {
      expect(await differences(runner, [columnOf(dtype)], dtype, byConstants(op, dtype))).toEqual([]);
    });

    test('conversions', async () => {
      for (const to of dtypes.filter((other) => other !== dtype && runner.holds(other))) {
        const operation = {
          name: `cast to ${to}`,
          make: ([x]: readonly Expr[]) => cast(x as Expr, to),
          meaning: castFunction(dtype, to),
        };
        expect(await differences(runner, [columnOf(dtype)], to, [operation])).toEqual([]);
      }
    });
  });
});
