import { describe, expect, test } from 'vitest';
import { ScheduleError } from '../../ir/errors.ts';
import { applyStep, parseTrace, replay, type Trace } from '../../schedules/trace.ts';
import { printStep } from '../../schedules/trace-text.ts';
import { matmul } from './functions.ts';

const trace: Trace = [
  { primitive: 'split', loop: 'i', factors: [null, 4], names: ['a', 'b c'] },
  { primitive: 'annotate', target: 'j', key: 'mark', value: 'true' },
  { primitive: 'transform-layout', buffer: 'B', layout: [{ dim: 1, div: 4 }, { dim: 0 }, { dim: 1, mod: 4 }] },
];

describe('a trace', () => {
  test('survives JSON', () => {
    const read = parseTrace(JSON.parse(JSON.stringify(trace)));
    expect(read).toEqual(trace);
    expect(replay(matmul(8, 8, 8), read)).toEqual(trace.reduce(applyStep, matmul(8, 8, 8)));
  });

  test('is printed a step a line', () => {
    expect(trace.map(printStep)).toEqual([
      'split loop=i factors=[null,4] names=["a","b c"]',
      'annotate target=j key=mark value="true"',
      'transform-layout buffer=B layout=[{"dim":1,"div":4},{"dim":0},{"dim":1,"mod":4}]',
    ]);
  });

  test.each([
    [{}, 'a trace should be a list of steps, is {}'],
    [[3], 'step 0: should be an object, is 3'],
    [[{ primitive: 'toString' }], /step 0: 'primitive' should be one of split, fuse, .*, is "toString"/],
    [[{ loop: 'i' }], /'primitive' should be one of .*, is missing/],
    [
      [{ primitive: 'split', loop: 'i' }],
      "step 0: split 'factors' should be a list, each item a positive integer or null, is missing",
    ],
    [
      [{ primitive: 'split', loop: 7, factors: [2, 0] }],
      /'loop' should be a non-empty string, is 7\n.*'factors' should be/,
    ],
    [[{ primitive: 'unroll', loop: 'i', by: 4 }], "unroll has no field 'by' (there are loop)"],
    [
      [{ primitive: 'set-scope', buffer: 'T', scope: 'stack' }],
      /'scope' should be one of global, workgroup, local, is "stack"/,
    ],
    [[{ primitive: 'transform-layout', buffer: 'B', layout: [{ dim: 0, by: 2 }] }], /'layout' should be a list/],
  ])('%j is not one', (json, message) => {
    expect(() => parseTrace(json)).toThrow(message);
  });

  test('an error says where it happened and what was wrong', () => {
    let error: unknown;
    try {
      applyStep(matmul(8, 8, 8), { primitive: 'unroll', loop: 'x' });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ScheduleError);
    expect(error).toMatchObject({ func: 'matmul', place: "loop 'x'" });
  });
});
