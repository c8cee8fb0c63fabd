import { describe, expect, test } from 'vitest';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { blockSites } from '../../../schedules/analysis/nests.ts';
import { applyStep, replay } from '../../../schedules/trace.ts';
import { chain, matmul, scan, textAfter } from '../functions.ts';

describe('bind', () => {
  test('gives a loop an axis of the workgroups, or of the invocations of one', () => {
    expect(
      textAfter(
        matmul(4, 8, 16),
        { primitive: 'bind', loop: 'i', axis: 'workgroup.y' },
        { primitive: 'bind', loop: 'j', axis: 'invocation.x' },
      ),
    ).toMatchInlineSnapshot(`
      "func @matmul(%A: f32[4, 16], %B: f32[16, 8]) -> (%C: f32[4, 8]) {
        for i in 4 workgroup.y {
          for j in 8 invocation.x {
            for k in 16 {
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

  test('an axis has one loop in a nest, and as many beside one another as there are', () => {
    const once = applyStep(matmul(4, 8, 16), { primitive: 'bind', loop: 'i', axis: 'workgroup.x' });
    expect(() => applyStep(once, { primitive: 'bind', loop: 'j', axis: 'workgroup.x' })).toThrow(
      "loop 'j': loop 'i' around it is workgroup.x already",
    );
    const beside = applyStep(chain(8), { primitive: 'bind', loop: 'a', axis: 'workgroup.x' });
    expect(() => applyStep(beside, { primitive: 'bind', loop: 'i', axis: 'workgroup.x' })).not.toThrow();
  });

  test('refuses a reduce loop, and iterations that need one another', () => {
    expect(() => applyStep(matmul(4, 8, 16), { primitive: 'bind', loop: 'k', axis: 'invocation.x' })).toThrow(
      "loop 'k': it feeds a reduction of block 'C', so it cannot be invocation.x",
    );
    expect(() => applyStep(scan(8), { primitive: 'bind', loop: 'i', axis: 'invocation.x' })).toThrow(
      /not known to touch different elements of 'Y' \(block 'Y'\)/,
    );
  });

  const overlapping = (scope: 'workgroup' | 'local') =>
    replay(chain(16, 2), [
      { primitive: 'split', loop: 'i', factors: [4, 4] },
      { primitive: 'compute-at', block: 'T', loop: 'i_0' },
      { primitive: 'set-scope', buffer: 'T', scope },
    ]);

  test('each workgroup has its own buffers, and invocations share them', () => {
    expect(() =>
      applyStep(overlapping('workgroup'), { primitive: 'bind', loop: 'i_0', axis: 'workgroup.x' }),
    ).not.toThrow();
    expect(() => applyStep(overlapping('workgroup'), { primitive: 'bind', loop: 'i_0', axis: 'invocation.x' })).toThrow(
      /different elements of 'T'/,
    );
    expect(() =>
      applyStep(overlapping('local'), { primitive: 'bind', loop: 'i_0', axis: 'invocation.x' }),
    ).not.toThrow();
  });

  test('refuses a workgroup buffer that others see', () => {
    const func = applyStep(chain(8), { primitive: 'set-scope', buffer: 'T', scope: 'workgroup' });
    expect(() => applyStep(func, { primitive: 'bind', loop: 'i', axis: 'workgroup.x' })).toThrow(
      "'T' is workgroup, and block 'T' outside of the loop uses it",
    );
  });
});

test.each([
  [5, 7, 1, 8],
  [5, 7, 4, 8],
  [27, 27, 8, 64],
  [27, 27, 6, 64],
  [3, 1, 5, 2],
])('knows the iterations of fused loops of %i, %i and %i apart in groups of %i', (n, m, q, size) => {
  const func = parseTensorFunc(`func @shift(%A: f32[${n}, ${m}, ${q}]) -> (%B: f32[${n + 1}, ${m + 1}, ${q}]) {
    for i in ${n} { for j in ${m} { for k in ${q} {
      block shift(v: spatial(${n}) = i, w: spatial(${m}) = j, x: spatial(${q}) = k) { %B[v + 1, w + 1, x] = %A[v, w, x] }
    } } }
  }`);
  const bound = replay(func, [
    { primitive: 'fuse', loops: ['i', 'j', 'k'], name: 'f' },
    { primitive: 'split', loop: 'f', factors: [null, size], names: ['group', 'in'] },
    { primitive: 'bind', loop: 'group', axis: 'workgroup.x' },
    { primitive: 'bind', loop: 'in', axis: 'invocation.x' },
  ]);
  expect(blockSites(bound)[0]?.loops.map(({ loopKind }) => loopKind)).toEqual(['workgroup.x', 'invocation.x']);
});

test('reorder keeps a concurrent loop inside of what makes it independent', () => {
  const func = parseTensorFunc(`func @histogram(%A: f32[4, 4]) -> (%H: f32[7]) {
    for z in 7 { block H_0(vz: spatial(7) = z) { %H[vz] = 0f32 } }
    for k in 4 { for i in 4 parallel {
      block H(vk: spatial(4) = k, vi: spatial(4) = i) { %H[vk + vi] = %H[vk + vi] + %A[vk, vi] }
    } }
  }`);
  expect(() => applyStep(func, { primitive: 'reorder', loops: ['i', 'k'] })).toThrow(
    /loop 'i': .*different elements of 'H'/,
  );
});
