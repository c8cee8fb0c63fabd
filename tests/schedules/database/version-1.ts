import type { TuningRecord } from '../../../schedules/database/record.ts';
import { record, workload } from './rows.ts';

/** A database as version 1 of the schema has it: no shapes of workloads, no cache modes. */
export const version1 = (text: string, real: string): readonly string[] => [
  `CREATE TABLE workloads (hash ${text} PRIMARY KEY, text ${text} NOT NULL, family ${text} NOT NULL)`,
  `CREATE TABLE records (
    id ${text} PRIMARY KEY, workload ${text} NOT NULL REFERENCES workloads (hash), target ${text} NOT NULL,
    decisions ${text} NOT NULL, trace ${text} NOT NULL, ms ${real} NOT NULL, spread ${real} NOT NULL,
    samples INTEGER NOT NULL, device_fingerprint ${text} NOT NULL, device_class ${text} NOT NULL,
    engine_name ${text} NOT NULL, engine_version ${text} NOT NULL, features ${text} NOT NULL,
    compiler_version ${text} NOT NULL, created ${text} NOT NULL
  )`,
  'CREATE INDEX workloads_of_family ON workloads (family)',
  'CREATE INDEX records_of_workload ON records (workload, ms)',
  'CREATE TABLE tilewright_version (version INTEGER NOT NULL)',
  'INSERT INTO tilewright_version VALUES (1)',
  `INSERT INTO workloads VALUES ('${old.hash}', '${old.text}', 'matmul')`,
  ...oldRecords.map(
    ({ decisions, trace, ms }) =>
      `INSERT INTO records VALUES (
        'id of ${ms}', '${old.hash}', 'wasm-simd128', '${JSON.stringify(decisions)}', '${JSON.stringify(trace)}',
        ${ms}, 0.01, 30, 'machine 1', 'x64', 'v8', '13.6', '["simd128"]', '0.1.0', '2026-11-28T09:30:00.000Z'
      )`,
  ),
];

/** What stands in it, as the present version has it. */
export const old = workload('old', { shape: [] });
export const oldRecords: readonly TuningRecord[] = [record(old, 0.1), record(old, 2)];
