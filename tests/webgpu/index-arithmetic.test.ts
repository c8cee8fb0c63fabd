import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { add, buffer, int, loop, mul, seq, store, sub, variable } from '../../ir/tensor/build.ts';
import { interpretFunc } from '../../ir/tensor/interpret.ts';
import type { Expr, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { arbitraryIndexExpr, dataBuffer } from '../generators/index-expr.ts';
import { randomInputs } from '../generators/tensor-func.ts';
import { softwareAdapter } from './dawn.ts';
import { runKernelOnGpu } from './run-kernel.ts';

const adapter = await softwareAdapter();
const device = typeof adapter === 'string' ? undefined : await adapter.requestDevice();

const letOf = (name: string, value: Expr, body: Stmt): Stmt => ({ kind: 'let', name, mutable: false, value, body });

/** Stores the expressions for all values of their variables. */
function kernelOf(exprs: readonly Expr[]): TensorFunc {
  const out = buffer('out', 'i32', [32 * exprs.length]);
  const [i, j] = [variable('i'), variable('j')];
  const place = (at: number): Expr => add(add(mul(i, int(8)), j), int(32 * at));
  const stores = seq(exprs.map((expr, at) => store(out, [place(at)], expr)));
  const body = loop('i', int(4), loop('j', int(8), letOf('k', sub(j, i), letOf('n', int(7), stores))));
  return { name: 'kernel', sizes: [], inputs: [dataBuffer], outputs: [out], temps: [], body };
}

test.skipIf(device === undefined)(
  'index arithmetic of any form means on a GPU what it means to the interpreter',
  { timeout: 600_000 },
  async () => {
    const exprs = fc.array(arbitraryIndexExpr('i32', { data: true }), { minLength: 4, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(exprs, fc.nat(), async (some, seed) => {
        const func = kernelOf(some);
        const inputs = randomInputs(func, seed);
        const actual = await runKernelOnGpu(device as GPUDevice, func, inputs);
        expect(actual, printTensorFunc(func)).toEqual(interpretFunc(func, inputs));
      }),
      { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 60) },
    );
  },
);
