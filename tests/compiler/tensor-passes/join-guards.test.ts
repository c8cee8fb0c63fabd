import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinGuards } from '../../../compiler/tensor-passes/join-guards.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { walk } from '../../../ir/tensor/visit.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { randomInputs } from '../../generators/tensor-func.ts';

const joined = (text: string): string => printTensorFunc(joinGuards(parseTensorFunc(text)));
const printed = (text: string): string => printTensorFunc(parseTensorFunc(text));

const head = 'func @f(%x: f32[16], %q: i32[16]) -> (%y: f32[16], %z: f32[16])';

test('what neighbours are guarded by is tested once', () => {
  const from = `${head} {
    for i in 5 {
      if i * 2 < 9 && i < 4 { %y[i * 2] = %x[i] }
      if i * 2 < 9 && i < 4 { %z[i * 2] = %x[i + 1] }
      if i * 2 + 1 < 9 && i < 4 { %y[i * 2 + 1] = %x[i] }
      if i < 3 { %z[i * 2 + 1] = %x[i] }
    }
  }`;
  const to = `${head} {
    for i in 5 {
      if i < 4 {
        if i * 2 < 9 { %y[i * 2] = %x[i]  %z[i * 2] = %x[i + 1] }
        if i * 2 + 1 < 9 { %y[i * 2 + 1] = %x[i] }
      }
      if i < 3 { %z[i * 2 + 1] = %x[i] }
    }
  }`;
  expect(joined(from).replaceAll(/\(|\)/g, '')).toBe(printed(to).replaceAll(/\(|\)/g, ''));
});

test.each([
  ['the other one reads what one stores', 'if i < 4 { %y[i] = %x[i] }  if i < 4 { %z[i] = %y[i] }'],
  ['the condition may have changed', 'if %y[0] < 1f32 { %y[i] = %x[i] }  if %y[0] < 1f32 { %z[i] = %x[i] }'],
  ['one of two places is the same for all', 'if i < 4 { %y[i] = %x[i] }  if i < 4 { %y[15] = 1f32 }'],
])('statements stay by themselves where %s', (_, body) => {
  const text = `${head} { for i in 5 { ${body} } }`;
  expect(joined(text)).toBe(printed(text));
});

/** Guarded statements of few forms, so that neighbours often have some in common. */
function arbitraryGuarded(): fc.Arbitrary<TensorFunc> {
  const parts = ['i < 3', 'j * 2 + i < 5', '%q[i] < 1', '%y[j] < 0.5f32', 'c < 4', '%x[i] < 0f32'];
  const bodies = [
    '%y[i * 4 + j] = %x[i] + %x[j]',
    '%z[i + j * 4] = %y[i] * 2f32',
    '%y[j * 4 + i] = %z[j]',
    '%t[j] = %t[j] + %x[i]',
    '%z[i * 4 + j] = %t[j]',
    'c := c + 1',
    '%y[7] = 1f32',
  ];
  const statement = fc
    .tuple(fc.subarray(parts, { maxLength: 3 }), fc.constantFrom(...bodies), fc.boolean())
    .map(([some, body, hasElse]) =>
      some.length === 0 ? body : `if ${some.join(' && ')} { ${body} }${hasElse ? ' else { %y[9] = 3f32 }' : ''}`,
    );
  return fc.array(statement, { minLength: 2, maxLength: 9 }).map((stmts) =>
    parseTensorFunc(`${head} {
      temp %t: f32[4] local
      for k in 4 { %t[k] = 0f32 }
      for n in 16 { %y[n] = 0f32 %z[n] = 0f32 }
      var c = 0 { for i in 4 { for j in 4 { ${stmts.join('\n')} } } }
    }`),
  );
}

test('guarded statements of any form mean the same, joined', () => {
  let tests = 0;
  fc.assert(
    fc.property(arbitraryGuarded(), fc.nat(), (func, seed) => {
      const result = joinGuards(func);
      verifyFunc(result);
      const inputs = randomInputs(func, seed);
      expect(interpretFunc(result, inputs), printTensorFunc(result)).toEqual(interpretFunc(func, inputs));
      walk(result.body, { stmt: (stmt) => (tests += stmt.kind === 'if' ? 1 : 0) });
    }),
    { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 200) },
  );
  expect(tests).toBeGreaterThan(0);
});
