import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScheduleError } from '../../ir/errors.ts';
import { applyStep, parseTrace, replay, type Step, type Trace } from '../../schedules/trace.ts';
import { parseStep, parseTraceText, printStep, printTrace } from '../../schedules/trace-text.ts';
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
      /'scope' should be one of global, thread, workgroup, local, is "stack"/,
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

/** Strings that a name may be, those that look like something else among them. */
const name = fc.oneof(
  fc.constantFrom('i', 'null', 'true', '12', '-1e3', '"', '[', 'a=b', ' ', 'a b', '\n', '\\', '{}', '\u2028', '#'),
  fc.string({ minLength: 1 }),
);
const names = fc.array(name);
const positive = fc.integer({ min: 1, max: 64 });
const scalar = fc.oneof(fc.string(), name, fc.boolean(), fc.integer(), fc.double({ noNaN: true, min: -9, max: 9 }));

const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    primitive: fc.constant('split' as const),
    loop: name,
    factors: fc.array(fc.oneof(positive, fc.constant(null))),
    names,
  }),
  fc.record({ primitive: fc.constant('fuse' as const), loops: names }),
  fc.record({
    primitive: fc.constant('annotate' as const),
    target: name,
    key: name,
    value: scalar.map((value) => (value === 0 ? 0 : value)),
  }),
  fc.record({ primitive: fc.constant('bind' as const), loop: name, axis: fc.constant('invocation.x' as const) }),
  fc.record({
    primitive: fc.constant('transform-layout' as const),
    buffer: name,
    layout: fc.array(fc.record({ dim: fc.integer(), div: positive }, { requiredKeys: ['dim'] })),
  }),
);

describe('the text of a trace', () => {
  test('reads back as the same trace, whatever its names', () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep), (steps) => {
        expect(parseTraceText(printTrace(steps))).toEqual(steps);
        expect(steps.map((step) => parseStep(printStep(step)))).toEqual(steps);
      }),
      { numRuns: 300 },
    );
  });

  test('may have empty lines and indentation', () => {
    expect(parseTraceText(`\n  ${printTrace(trace).replaceAll('\n', '\n\n\t')}\n`)).toEqual(trace);
  });

  test.each([
    ['unroll loop=i\nunroll j', "line 2: expected a field as name=value, found 'j'"],
    ['unroll loop=', "line 1: expected a value for 'loop', found 'loop='"],
    ['unroll loop=i loop=j', "line 1: expected each field once, found 'loop'"],
    ['split loop=i factors=[2,', "line 1: expected a word or JSON, found '[2,'"],
    ['split loop="i', `line 1: expected a word or JSON, found '"i'`],
    ['split loop=i factors=[2]]', "line 1: expected a word or JSON, found '[2]]'"],
    ['split loop=i', "step 0: split 'factors' should be a list"],
    ['twist loop=i', "'primitive' should be one of"],
    ['unroll loop=4', "unroll 'loop' should be a non-empty string, is 4"],
  ])('%j is refused', (text, message) => {
    expect(() => parseTraceText(text)).toThrow(message);
  });
});
