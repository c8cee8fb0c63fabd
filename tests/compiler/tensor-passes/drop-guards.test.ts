import { expect, test } from 'vitest';
import { dropGuards } from '../../../compiler/tensor-passes/drop-guards.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';

/** Sums of rows in registers, under loops that run beyond them; and the guard that is left of one. */
function guardAfter(loops: string, rows: string, steps: string, guard: string): string | undefined {
  const func = parseTensorFunc(`func @sums(%A: f32[8, 29]) -> (%B: f32[7]) {
  temp %acc: f32[8] local
  ${loops} {
    block C(vi: spatial(8) = ${rows}, vk: reduce(29) = ${steps}) where ${guard} {
      init { %acc[vi] = 0f32 }
      %acc[vi] = %acc[vi] + %A[vi, vk]
    }
  ${'}'.repeat(loops.split('{').length)}
  for o in 7 { block B(v: spatial(7) = o) { %B[v] = %acc[v] } }
}`);
  return / where (.*) \{$/m.exec(printTensorFunc(dropGuards(func)))?.[1];
}

test('what is beyond the edge of a tile is computed, in no more steps than there are', () => {
  expect(guardAfter('for i in 8 { for k in 32', 'i', 'k', 'i < 7 && k < 29')).toBe('k < 29');
  expect(guardAfter('for i in 8 { for k in 29', 'i', 'k', 'i < 7')).toBeUndefined();
});

test('no step is repeated: the loop of a guard may be in no index, since it had one iteration before it was split', () => {
  expect(guardAfter('for i in 8 { for k in 29 { for t in 2', 'i', 'k', 't < 1')).toBe('t < 1');
  expect(guardAfter('for i in 8 { for k in 29 { for t in 2', 'i', 'k', 'i < 7 && i + t < 9')).toBe('i + t < 9');
});
