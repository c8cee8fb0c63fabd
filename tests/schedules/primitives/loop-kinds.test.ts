import { describe, expect, test } from 'vitest';
import { symbolDim } from '../../../ir/dim.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { applyStep, replay, type Step } from '../../../schedules/trace.ts';
import { chain, matmul, matmulRelu, rowSum, scan, textAfter } from '../functions.ts';

const tiled = (...steps: readonly Step[]) =>
  replay(matmulRelu(8, 10, 16), [
    { primitive: 'fuse', loops: ['x', 'y'], name: 't' },
    { primitive: 'split', loop: 't', factors: [null, 7] },
    ...steps,
  ]);

describe('vectorize, parallel, unroll', () => {
  test('mark a loop', () => {
    const func = textAfter(
      matmul(4, 8, 16),
      { primitive: 'parallel', loop: 'i' },
      { primitive: 'vectorize', loop: 'j' },
      { primitive: 'unroll', loop: 'k' },
    );
    expect(func).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[4, 16], %B: f32[16, 8]) -> (%C: f32[4, 8]) {
        for i in 4 parallel {
          for j in 8 vectorized {
            for k in 16 unrolled {
              block C(vi: spatial(4) = i, vj: spatial(8) = j, vk: reduce(16) = k) {
                init {
                  %C[vi, vj] = 0f32
                }
                %C[vi, vj] = %C[vi, vj] + %A[vi, vk] * %B[vk, vj]
              }
            }
          }
        }
      }
      "
    `);
  });

  test('loops that were fused and split at other borders are independent as well', () => {
    expect(() => tiled({ primitive: 'parallel', loop: 't_0' }, { primitive: 'vectorize', loop: 't_1' })).not.toThrow();
  });

  test.each([
    ['parallel', "it feeds a reduction of block 'C', so it cannot be parallel"],
    ['vectorize', "it feeds a reduction of block 'C', so it cannot be vectorized"],
  ] as const)('%s refuses a reduce loop', (primitive, message) => {
    expect(() => applyStep(matmul(4, 8, 16), { primitive, loop: 'k' })).toThrow(message);
  });

  test.each(['parallel', 'vectorize'] as const)('%s refuses iterations that need one another', (primitive) => {
    expect(() => applyStep(scan(8), { primitive, loop: 'i' })).toThrow(/not known to touch different elements of 'Y'/);
  });

  test('parallel refuses overlapping regions of a shared buffer, and takes them where each thread has its own', () => {
    const overlapping = replay(chain(16, 2), [
      { primitive: 'split', loop: 'i', factors: [4, 4] },
      { primitive: 'compute-at', block: 'T', loop: 'i_0' },
    ]);
    expect(() => applyStep(overlapping, { primitive: 'parallel', loop: 'i_0' })).toThrow(/different elements of 'T'/);
    const local = applyStep(overlapping, { primitive: 'set-scope', buffer: 'T', scope: 'local' });
    const shared = applyStep(local, { primitive: 'parallel', loop: 'i_0' });
    expect(() => applyStep(shared, { primitive: 'set-scope', buffer: 'T', scope: 'global' })).toThrow(
      /cannot be parallel/,
    );
  });

  test.each([
    [6, undefined],
    [5, /different elements of 'T'/],
  ])('parallel knows that tiles which end after %i elements write them anew', (end, refusal) => {
    const func = parseTensorFunc(`func @f(%A: f32[3, 6]) -> (%B: f32[3, 6]) {
      temp %T: f32[18] thread
      for i in 3 {
        for j in 2 { for k in 4 {
          block T(v: spatial(18) = i * 6 + j * 4 + k) where j * 4 + k < ${end} { %T[v] = exp(%A[i, j * 4 + k]) }
        } }
        for l in 6 { block B(r: spatial(3) = i, s: spatial(6) = l) { %B[r, s] = %T[r * 6 + s] } }
      }
    }`);
    const apply = () => applyStep(func, { primitive: 'parallel', loop: 'i' });
    if (refusal === undefined) expect(apply).not.toThrow();
    else expect(apply).toThrow(refusal);
  });

  test('parallel refuses a local buffer that others see', () => {
    const func = applyStep(chain(8), { primitive: 'set-scope', buffer: 'T', scope: 'local' });
    expect(() => applyStep(func, { primitive: 'parallel', loop: 'i' })).toThrow(/'T' is local, and block 'T' outside/);
  });

  test.each(['vectorize', 'unroll'] as const)('%s needs a constant extent', (primitive) => {
    const func = rowSum(symbolDim('n'), 4, ['n']);
    expect(() => applyStep(func, { primitive, loop: 'i' })).toThrow(/its extent is not a constant/);
  });

  test('a loop has one kind', () => {
    const func = applyStep(chain(8), { primitive: 'vectorize', loop: 'i' });
    expect(() => applyStep(func, { primitive: 'unroll', loop: 'i' })).toThrow(/it is vectorized already/);
  });
});
