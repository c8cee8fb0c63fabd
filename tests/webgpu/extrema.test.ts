import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { emitWgsl } from '../../compiler/codegen/wgsl/index.ts';
import { interpretFunc } from '../../ir/tensor/interpret.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { parseTensorFunc } from '../../ir/text/parse.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { softwareAdapter } from './dawn.ts';
import { runKernelOnGpu } from './run-kernel.ts';

const adapter = await softwareAdapter();
const device = typeof adapter === 'string' ? undefined : await adapter.requestDevice();

/** How often a kernel's text looks at the bits of a value, or calls a function that does so. */
const callsIn = (value: string): readonly string[] => {
  const func = parseTensorFunc(`func @f(%x: f32[8], %n: i32[8]) -> (%y: f32[8]) { for i in 8 { %y[i] = ${value} } }`);
  const { code } = emitWgsl([{ func, constants: new Set() }]);
  return (
    code
      .slice(code.indexOf('@compute'))
      .match(/\w+(?=\()/g)
      ?.filter((name) => /^(min|max|at|between)/.test(name)) ?? []
  );
};

test.each([
  ['max(%x[i], 0f32)', ['at_least_f32']],
  ['min(6f32, %x[i])', ['at_most_f32']],
  ['min(max(%x[i], 0f32), 6f32)', ['between_f32']],
  ['max(%x[i], %x[0])', ['max_f32']],
  ['max(%x[i], nanf32)', ['max_f32']],
  ['max(abs(cast<f32>(%n[i])), 1f32)', ['max']],
])('of %s the bits are looked at once for each operand that may be NaN', (value, calls) => {
  expect(callsIn(value)).toEqual(calls);
});

/** Minima and maxima in one another, of elements, numbers and what is made of them; a part may have a name. */
const exprs = fc.letrec<{ readonly value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('%x[i]', '%x[7 - i]', '0f32', '-1.5f32', '6f32', '-inff32', 'nanf32', 'cast<f32>(%n[i])', 'v:f32'),
    fc.tuple(fc.constantFrom('min', 'max', 'max'), tie('value'), tie('value')).map(([op, a, b]) => `${op}(${a}, ${b})`),
    fc.tuple(fc.constantFrom('abs', 'neg', 'floor'), tie('value')).map(([op, a]) => `${op}(${a})`),
    fc.tuple(tie('value'), tie('value')).map(([a, b]) => `select(i < 3, ${a}, ${b})`),
    fc.tuple(tie('value'), tie('value')).map(([a, b]) => `${a} + ${b}`),
  ),
})).value;

const special = [0, 1, -1, 3.5, 1e30, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Zeros of either sign are the same, and so are all NaNs. */
const plain = ({ data }: TensorData): readonly number[] => Array.from(data as Float32Array, (x) => (x === 0 ? 0 : x));

test.skipIf(device === undefined)(
  'minima and maxima of any form give a NaN on a GPU where they do for the interpreter',
  { timeout: 600_000 },
  async () => {
    const elements = fc.array(fc.constantFrom(...special), { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(exprs, { minLength: 6, maxLength: 6 }), exprs, elements, async (some, named, x) => {
        const stores = some.map((value, at) => `%y[${at * 8} + i] = ${value}`).join('\n');
        const func = parseTensorFunc(`func @f(%x: f32[8], %n: i32[8]) -> (%y: f32[48]) {
          for i in 8 { let v = ${named.replaceAll('v:f32', '%x[0]')} { ${stores} } }
        }`);
        const inputs: readonly TensorData[] = [
          { dtype: 'f32', shape: [8], data: Float32Array.from(x) },
          { dtype: 'i32', shape: [8], data: Int32Array.of(0, 1, -1, 7, 100, -100, 3, 2) },
        ];
        const actual = await runKernelOnGpu(device as GPUDevice, func, inputs);
        expect(actual.map(plain), printTensorFunc(func)).toEqual(interpretFunc(func, inputs).map(plain));
      }),
      { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 60) },
    );
  },
);
