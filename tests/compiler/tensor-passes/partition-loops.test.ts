import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { walk } from '../../../ir/tensor/visit.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import type { Trace } from '../../../schedules/step.ts';
import { replay } from '../../../schedules/trace.ts';
import { randomInputs } from '../../generators/tensor-func.ts';
import { expectSameMeaning } from './same-meaning.ts';

const doubled = (rows: number): TensorFunc =>
  parseTensorFunc(`func @f(%x: f32[${rows}, 3]) -> (%y: f32[${rows}, 3]) {
    for i in ${rows} { for k in 3 {
      block double(vi: spatial(${rows}) = i, vk: spatial(3) = k) { %y[vi, vk] = %x[vi, vk] + %x[vi, vk] }
    } }
  }`);

function testsIn(func: TensorFunc): readonly Stmt[] {
  const found: Stmt[] = [];
  walk(func.body, { stmt: (stmt: Stmt) => void (stmt.kind === 'if' && found.push(stmt)) });
  return found;
}

test('no test is left of two levels of tiles, whichever is walked first', () => {
  const size = fc.integer({ min: 2, max: 9 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 130 }),
      size,
      size,
      fc.boolean(),
      fc.nat(),
      (rows, tile, block, inside, seed) => {
        const steps: Trace = [
          { primitive: 'split', loop: 'i', factors: [null, tile], names: ['tiles', 'row'] },
          { primitive: 'split', loop: 'tiles', factors: [null, block], names: ['block', 'tile'] },
          { primitive: 'reorder', loops: [...(inside ? ['tile', 'block'] : ['block', 'tile']), 'k', 'row'] },
          { primitive: 'unroll', loop: 'row' },
        ];
        const func = replay(doubled(rows), steps);
        expect(testsIn(expectSameMeaning(func, randomInputs(func, seed)))).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});
