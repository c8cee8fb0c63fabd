import { createHash } from 'node:crypto';
import { CompilerError } from '../../ir/errors.ts';
import type { Row, Value } from './connection.ts';
import { type CacheMode, printRecord, type TuningRecord, type WorkloadRow } from './record.ts';

/** What a record is found by: equal for equal records. */
export const idOf = (record: TuningRecord): string => createHash('sha256').update(printRecord(record)).digest('hex');

export const readWorkload = (row: Row): WorkloadRow => ({
  hash: textOf(row, 'hash'),
  text: textOf(row, 'text'),
  family: textOf(row, 'family'),
  shape: jsonOf(row, 'shape') as WorkloadRow['shape'],
});

export const readRecord = (row: Row): TuningRecord => ({
  workload: textOf(row, 'workload'),
  target: textOf(row, 'target'),
  decisions: jsonOf(row, 'decisions') as TuningRecord['decisions'],
  trace: jsonOf(row, 'trace') as TuningRecord['trace'],
  ms: Number(row['ms']),
  spread: Number(row['spread']),
  samples: Number(row['samples']),
  cache: textOf(row, 'cache') as CacheMode,
  device: { fingerprint: textOf(row, 'device_fingerprint'), class: textOf(row, 'device_class') },
  engine: { name: textOf(row, 'engine_name'), version: textOf(row, 'engine_version') },
  features: jsonOf(row, 'features') as TuningRecord['features'],
  compilerVersion: textOf(row, 'compiler_version'),
  created: textOf(row, 'created'),
});

/** A record that is what it was when it was written: its id says so. Throws a CompilerError where it is not. */
export function readIntactRecord(row: Row, place: string): TuningRecord {
  const record = readOrUndefined(row);
  if (record === undefined || idOf(record) !== row['id'])
    throw new CompilerError(`${place} is damaged: the record ${row['id']} is not what was written`);
  return record;
}

function readOrUndefined(row: Row): TuningRecord | undefined {
  try {
    return readRecord(row);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The columns of a record with their values: equal ones for equal records. */
export function writeRecord(row: TuningRecord): Readonly<Record<string, Value>> {
  const record = JSON.parse(printRecord(row)) as TuningRecord;
  const { device, engine } = record;
  return {
    id: idOf(record),
    workload: record.workload,
    target: record.target,
    decisions: JSON.stringify(record.decisions),
    trace: JSON.stringify(record.trace),
    ms: record.ms,
    spread: record.spread,
    samples: record.samples,
    cache: record.cache,
    device_fingerprint: device.fingerprint,
    device_class: device.class,
    engine_name: engine.name,
    engine_version: engine.version,
    features: JSON.stringify(record.features),
    compiler_version: record.compilerVersion,
    created: record.created,
  };
}

const textOf = (row: Row, column: string): string => String(row[column]);
const jsonOf = (row: Row, column: string): unknown => JSON.parse(textOf(row, column));
