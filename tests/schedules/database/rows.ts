import { createHash } from 'node:crypto';
import type { TuningRecord, WorkloadRow } from '../../../schedules/database/record.ts';

export const workload = (name: string, more: Partial<WorkloadRow> = {}): WorkloadRow => {
  const text = `func @${name}() {\n}\n`;
  return { hash: createHash('sha256').update(text).digest('hex'), text, family: 'matmul', shape: [1, 2], ...more };
};

export const record = (of: WorkloadRow, ms: number, more: Partial<TuningRecord> = {}): TuningRecord => ({
  workload: of.hash,
  target: 'wasm-simd128',
  device: { class: 'x64', fingerprint: 'machine 1' },
  engine: { name: 'v8', version: '13.6' },
  features: ['simd128'],
  cache: 'warm',
  ms,
  spread: 0.01,
  samples: 30,
  compilerVersion: '0.1.0',
  created: '2026-11-28T09:30:00.000Z',
  decisions: { 'matmul.rows': 5, 'matmul.packed': true },
  trace: [
    { primitive: 'sample-categorical', name: 'matmul.rows', candidates: [1, 5], decision: 1 },
    { primitive: 'split', loop: 'i', factors: [null, 5] },
  ],
  ...more,
});

export async function collect<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

export async function* asAsync<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}
