import { expect, test } from 'vitest';
import { serializeThreads } from '../../../compiler/tensor-passes/serialize-threads.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';

test('serialize-threads runs workgroups and invocations one after the other, and leaves other loops', () => {
  const func = parseTensorFunc(`func @f(%A: f32[8, 4]) -> (%B: f32[8, 4]) {
    for i in 4 workgroup.x { for j in 2 parallel { for k in 4 invocation.y {
      %B[i * 2 + j, k] = %A[i * 2 + j, k]
    } } }
  }`);
  expect(printTensorFunc(serializeThreads(func))).toMatchInlineSnapshot(`
    "func @f(%A: f32[8, 4]) -> (%B: f32[8, 4]) {
      for i in 4 {
        for j in 2 parallel {
          for k in 4 {
            %B[i * 2 + j, k] = %A[i * 2 + j, k]
          }
        }
      }
    }
    "
  `);
  const done = serializeThreads(func);
  expect(serializeThreads(done)).toBe(done);
});
