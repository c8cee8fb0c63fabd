import { describe, expect, test } from 'vitest';
import {
  compareRecords,
  parseRecord,
  parseWorkload,
  printRecord,
  printWorkload,
} from '../../../schedules/database/record.ts';
import { record, workload } from './rows.ts';

const a = workload('a');

describe('a record', () => {
  test('is read as it is written', () => {
    expect(parseRecord(JSON.parse(printRecord(record(a, 0.1))))).toEqual(record(a, 0.1));
    expect(parseWorkload(JSON.parse(printWorkload(a)))).toEqual(a);
  });

  test('is written with its fields in one order', () => {
    const first = record(a, 1);
    const turned = { ...Object.fromEntries(Object.entries(first).reverse()), engine: { version: '13.6', name: 'v8' } };
    expect(printRecord(parseRecord(turned))).toBe(printRecord(first));
    expect(printRecord(first)).toBe(
      `{"workload":"${a.hash}","target":"wasm-simd128","device":{"class":"x64","fingerprint":"machine 1"},` +
        '"engine":{"name":"v8","version":"13.6"},"features":["simd128"],"cache":"warm","ms":1,"spread":0.01,' +
        '"samples":30,"compilerVersion":"0.1.0","created":"2026-11-28T09:30:00.000Z",' +
        '"decisions":{"matmul.packed":true,"matmul.rows":5},' +
        '"trace":[{"primitive":"sample-categorical","name":"matmul.rows","candidates":[1,5],"decision":1},' +
        '{"primitive":"split","loop":"i","factors":[null,5]}]}',
    );
  });

  test('that is not valid is refused with every mistake', () => {
    const wrong = {
      ...record(a, 1),
      workload: 'abc',
      ms: 0,
      spread: -1,
      samples: 1.5,
      cache: 'hot',
      device: { class: 'x64' },
      created: 'yesterday',
      decisions: { rows: null },
      trace: [{ primitive: 'split', loop: 1 }, { primitive: 'melt' }],
      colour: 'red',
    };
    expect(() => parseRecord(wrong)).toThrowErrorMatchingInlineSnapshot(`
      [CompilerError: not a valid record:
        - has no field 'colour' (there are workload, target, device, engine, features, cache, ms, spread, samples, compilerVersion, created, decisions, trace)
        - 'workload' should be a SHA-256 in hexadecimal, is "abc"
        - 'device' should be an object { class: a non-empty string, fingerprint: a non-empty string }, is {"class":"x64"}
        - 'cache' should be one of warm, cold, is "hot"
        - 'ms' should be a positive number, is 0
        - 'spread' should be a number that is not negative, is -1
        - 'samples' should be a positive integer, is 1.5
        - 'created' should be a time as 2026-11-28T09:30:00.000Z, is "yesterday"
        - 'decisions' should be an object, each value a string, a finite number or a boolean, is {"rows":null}
        - trace, step 0: split 'loop' should be a non-empty string, is 1
        - trace, step 0: split 'factors' should be a list, each item a positive integer or null, is missing
        - trace, step 1: 'primitive' should be one of split, fuse, reorder, tile, loop-partition, vectorize, unroll, parallel, bind, annotate, compute-inline, reverse-compute-inline, compute-at, reverse-compute-at, set-scope, cache-write, cache-read, reindex-cache-read, decompose-reduction, rfactor, pad, transform-layout, sample-categorical, is "melt"]
    `);
    expect(() => parseRecord([])).toThrow('not a valid record:\n  - should be an object, is []');
    expect(() => parseWorkload({ ...a, shape: ['2'], text: undefined })).toThrowErrorMatchingInlineSnapshot(`
      [CompilerError: not a valid workload:
        - 'shape' should be a list, each item a finite number, is ["2"]
        - 'text' should be a non-empty string, is missing]
    `);
  });
});

test('records are ordered by time, then age', () => {
  const records = [
    record(a, 2),
    record(a, 1, { created: '2026-11-02T00:00:00.000Z' }),
    record(a, 1, { created: '2026-11-01T00:00:00.000Z' }),
  ];
  expect(records.toSorted(compareRecords)).toEqual(records.toReversed());
});
