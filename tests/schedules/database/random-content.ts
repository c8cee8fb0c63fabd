import fc from 'fast-check';
import type { TuningRecord, WorkloadRow } from '../../../schedules/database/record.ts';
import { record, workload } from './rows.ts';

// PostgreSQL has no text with a zero in it.
const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !text.includes('\0'));
const few = <T>(values: readonly [T, ...T[]]) => fc.constantFrom<T>(...values);
const positive = fc.double({ min: 5e-324, noNaN: true, noDefaultInfinity: true });

const randomWorkload = (name: string): fc.Arbitrary<WorkloadRow> =>
  fc
    .record({
      family: word,
      shape: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0))),
    })
    .map((more) => workload(name, more));

const randomRecord = (of: WorkloadRow): fc.Arbitrary<TuningRecord> =>
  fc
    .record({
      target: few(['wasm-simd128', 'wasm-relaxed-simd']),
      device: fc.record({ class: few(['x64', 'arm64']), fingerprint: word }),
      engine: fc.record({ name: few(['v8', 'jsc']), version: few(['1', '2']) }),
      features: fc.array(word, { maxLength: 2 }),
      cache: few(['warm', 'cold'] as const),
      spread: positive,
      samples: fc.integer({ min: 1, max: 1000 }),
      created: fc
        .date({ noInvalidDate: true, min: new Date('2026-01-01'), max: new Date('2027-01-01') })
        .map((date) => date.toISOString()),
      decisions: fc.dictionary(word, fc.oneof(fc.integer(), fc.boolean(), word), { maxKeys: 3, noNullPrototype: true }),
    })
    .chain((more) => positive.map((ms) => record(of, ms, more)));

/** What a database may hold: workloads with records of them. */
export const randomContent = (): fc.Arbitrary<readonly (readonly [WorkloadRow, readonly TuningRecord[]])[]> =>
  fc.tuple(
    ...['a', 'b', 'c'].map((name) =>
      randomWorkload(name).chain((of) => fc.tuple(fc.constant(of), fc.array(randomRecord(of), { maxLength: 12 }))),
    ),
  );
