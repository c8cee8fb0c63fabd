import { expect, test } from 'vitest';
import { orderRecords } from '../../../compiler/reuse/order-records.ts';
import type { TuningRecord } from '../../../schedules/database/record.ts';
import { wasmRelaxedSimd, wasmSimd } from '../../../schedules/target/target.ts';
import { printTrace } from '../../../schedules/trace-text.ts';
import { record, workload } from '../../schedules/database/rows.ts';
import { profile } from './records.ts';

const a = workload('a');
const here: Partial<TuningRecord> = { ...profile, target: wasmRelaxedSimd.name };

/** A record of the schedule of that name. */
const of = (name: string, ms: number, more: Partial<TuningRecord> = {}): TuningRecord =>
  record(a, ms, { ...here, trace: [{ primitive: 'unroll', loop: name }], ...more });

const order = (...records: readonly TuningRecord[]): readonly string[] =>
  orderRecords(records, profile, 'warm').map(
    ({ rank, record: { trace } }) => `${rank} ${printTrace(trace).trimEnd().at(-1)}`,
  );

test('the fastest is first, with all that its confidence interval adds', () => {
  expect(order(of('a', 3), of('b', 1), of('c', 2))).toEqual(['1 b', '1 c', '1 a']);
  expect(order(of('a', 1, { spread: 0.2 }), of('b', 1.1))).toEqual(['1 b', '1 a']);
});

test('what was measured again is as fast as it was the last time', () => {
  const later = { created: '2026-11-28T10:00:00.000Z' };
  expect(order(of('a', 1), of('b', 1.2), of('a', 1.5, later))).toEqual(['1 b', '1 a']);
});

test('where several schedules were measured again, those that were not do not compete', () => {
  const later = { created: '2026-11-28T10:00:00.000Z' };
  const twice = (name: string, ms: number) => [of(name, 1), of(name, ms, later)];
  expect(order(...twice('a', 1.6), ...twice('b', 1.5), of('c', 1.4))).toEqual(['1 b', '1 a']);
  expect(order(...twice('a', 1.6), of('b', 1.5), of('c', 1.4))).toEqual(['1 c', '1 b', '1 a']);
});

test('times are compared only where they can be: the nearest device is first', () => {
  const device = { class: 'arm64-simd128', fingerprint: 'machine 2' };
  const [older, other] = [
    { name: 'v8', version: '12.4' },
    { name: 'spidermonkey', version: '140' },
  ];
  expect(
    order(
      of('a', 0.1, { device, engine: other }),
      of('b', 0.2, { device }),
      of('c', 0.3, { engine: other }),
      of('d', 0.4, { engine: older }),
      of('e', 0.5),
    ),
  ).toEqual(['1 e', '2 d', '2 c', '2 b', '2 a']);
});

test('records of the target that the engine can do at most are first, of unknown targets none', () => {
  const [simd, unknown] = [{ target: wasmSimd.name }, { target: 'wgsl' }];
  const records = [of('a', 1, simd), of('b', 2), of('c', 0.5, unknown), of('d', 1, { cache: 'cold' })];
  expect(order(...records)).toEqual(['1 b', '1 d', '1 a']);
  const [first] = orderRecords(records, { ...profile, features: ['simd128'] }, 'warm');
  expect(orderRecords(records, profile, 'cold')[0]?.record.cache).toBe('cold');
  expect(first?.target).toBe(wasmSimd);
});
