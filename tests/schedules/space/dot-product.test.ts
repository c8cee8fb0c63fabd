import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildKernel } from '../../../compiler/kernels.ts';
import { onlyDirect } from '../../../compiler/lower/workload.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { atRandom, decisionsOf } from '../../../schedules/decision.ts';
import { randomNumbers } from '../../generators/random.ts';
import { randomInputs } from '../../generators/tensor-func.ts';
import { expectScheduled } from './same-meaning.ts';

interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly a: string;
  readonly b: string;
}

const product = ({ m, k, n, a, b }: Product): TensorFunc =>
  parseTensorFunc(`func @f(%a: ${a}[${m}, ${k}], %b: ${b}[${k}, ${n}]) -> (%c: i32[${m}, ${n}]) {
    for i in ${m} { for j in ${n} { for r in ${k} {
      block product(vi: spatial(${m}) = i, vj: spatial(${n}) = j, vr: reduce(${k}) = r) {
        init { %c[vi, vj] = 0 }
        %c[vi, vj] = %c[vi, vj] + cast<i32>(%a[vi, vr]) * cast<i32>(%b[vr, vj])
      }
    } } }
  }`);

const constants = new Set(['b']);

const flatText = (sizes: Product): string =>
  buildKernel(onlyDirect(product(sizes)), { constants })
    .lowered.map(printTensorFunc)
    .join('\n');

describe('sums of products of small integers', () => {
  test('are all of pairs, packed beside each other', () => {
    const text = flatText({ m: 20, k: 24, n: 16, a: 'i16', b: 'i8' });
    expect(text).toContain('cast<i16>(%b_packed[ramp<8>(');
    expect(text).toContain('broadcast<8>(%a[ramp<2>(');
    expect(text).not.toContain('cast<i32>');
  });

  test.each([
    ['an odd depth', { m: 20, k: 25, n: 16, a: 'i16', b: 'i8' }],
    ['16 bits without a sign, which do not fit', { m: 20, k: 24, n: 16, a: 'u16', b: 'i8' }],
  ])('are none of pairs for %s', (_, sizes) => {
    expect(flatText(sizes)).not.toContain('dot(');
  });

  test('have the same tiles for either target, as none multiplies and adds integers in one instruction', () => {
    const { trace, relaxed } = buildKernel(onlyDirect(product({ m: 48, k: 24, n: 32, a: 'i8', b: 'i8' })), {
      constants,
    });
    expect(decisionsOf(relaxed.trace)).toEqual(decisionsOf(trace));
  });

  test('mean the same under every schedule', { timeout: 3_600_000 }, async () => {
    const dtype = fc.constantFrom('i8', 'u8', 'i16');
    const extent = fc.constantFrom(1, 4, 5, 16, 17, 24);
    const depth = fc.constantFrom(2, 4, 6, 8, 16, 24, 7);
    const sizes = fc.record({ m: extent, k: depth, n: extent, a: dtype, b: dtype });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.boolean(), async (one, seed, isConstant) => {
        const [func, random] = [product(one), randomNumbers(seed)];
        await expectScheduled(func, randomInputs(func, seed), isConstant ? constants : new Set(), atRandom(random));
      }),
      { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 60) },
    );
  });
});
