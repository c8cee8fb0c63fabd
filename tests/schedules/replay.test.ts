import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScheduleError } from '../../ir/errors.ts';
import { interpretFunc } from '../../ir/tensor/interpret.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import { primitives } from '../../schedules/primitives/table.ts';
import { parseTrace, replay, type Trace } from '../../schedules/trace.ts';
import { parseTraceText, printTrace } from '../../schedules/trace-text.ts';
import { randomInputs } from '../generators/tensor-func.ts';
import { matmul, matmulRelu } from './functions.ts';
import { arbitraryCase, failureOf, randomTrace, shrinkTrace } from './fuzz/scheduled-case.ts';

const runs = Number(process.env['TILEWRIGHT_RUNS'] ?? 300);

describe('a trace of legal steps', () => {
  test('gives a function that computes the same, interpreted and as WebAssembly', { timeout: 3_600_000 }, async () => {
    const applied = new Set<string>();
    await fc.assert(
      fc.asyncProperty(arbitraryCase(), async (case_) => {
        const failure = await failureOf(case_, ({ primitive }) => applied.add(primitive));
        if (failure === undefined) return;
        const { trace, difference } = await shrinkTrace(case_, failure);
        throw new Error(`${difference}\n${printTensorFunc(case_.func)}\n${printTrace(trace)}`);
      }),
      // Shrinking takes long: `npm run test:fuzz` does it.
      { numRuns: runs, endOnFailure: true },
    );
    expect([...applied].sort()).toEqual(Object.keys(primitives).sort());
  });

  test('reads back from its text and from JSON, and replays to the same function', () => {
    fc.assert(
      fc.property(arbitraryCase(), (case_) => {
        const trace = randomTrace(case_);
        const read = [parseTraceText(printTrace(trace)), parseTrace(JSON.parse(JSON.stringify(trace)))];
        expect(read).toEqual([trace, trace]);
        const printed = read.map((each) => printTensorFunc(replay(case_.func, each)));
        expect(printed[0]).toBe(printed[1]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a trace made on one shape', () => {
  const trace = parseTraceText(`
    tile loops=["i","j"] factors=[4,8] names=["io","jo","ii","ji"]
    split loop=k factors=[null,4]
    reorder loops=["io","jo","k_0","k_1","ii","ji"]
    reverse-compute-at block=D loop=jo
    decompose-reduction block=C loop=k_0
    vectorize loop=ji
    unroll loop=ii
    parallel loop=io
  `);

  test.each([
    [16, 16, 16],
    [8, 8, 4],
    [5, 9, 7],
    [2, 3, 2],
    [23, 17, 3],
  ])('computes the same on %i x %i x %i', (m, n, k) => {
    const func = matmulRelu(m, n, k);
    const inputs = randomInputs(func, 1);
    expect(interpretFunc(replay(func, trace), inputs)).toEqual(interpretFunc(func, inputs));
  });

  test.each<[string, Trace, string]>([
    ['factors that do not reach', [{ primitive: 'split', loop: 'i', factors: [2, 4] }], 'do not reach the extent 9'],
    ['a place beyond the extent', [{ primitive: 'loop-partition', loop: 'k', at: [8] }], 'to below the extent 8'],
  ])('is refused on another where it has %s', (_, steps, reason) => {
    expect(() => replay(matmul(8, 8, 16), steps)).not.toThrow();
    expect(() => replay(matmul(9, 8, 8), steps)).toThrow(ScheduleError);
    expect(() => replay(matmul(9, 8, 8), steps)).toThrow(reason);
  });

  test('is refused on a function without its blocks', () => {
    expect(() => replay(matmul(16, 16, 16), trace)).toThrow(/there is no such block/);
  });
});
