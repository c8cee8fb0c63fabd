import { CompilerError } from '../../ir/errors.ts';
import {
  dictionaryOf,
  type Field,
  isObject,
  list,
  listOf,
  mistakesIn,
  moment,
  nonNegativeNumber,
  number,
  oneOf,
  positive,
  positiveNumber,
  record,
  scalar,
  sha256,
  text,
} from '../fields.ts';
import type { Choice, Trace } from '../step.ts';
import { mistakesInSteps } from '../trace.ts';

/** What kernels compute, apart from how: whatever has the same canonical text is one workload. */
export interface WorkloadRow {
  /** A SHA-256 in hexadecimal: equal for equal texts. */
  readonly hash: string;
  /** The program with names and constants made canonical. */
  readonly text: string;
  /** The family of operators: records of one family can serve the nearest shape of another workload of it. */
  readonly family: string;
  /** Numbers by which shapes of one family are compared. None where they are not known. */
  readonly shape: readonly number[];
}

export const cacheModes = ['warm', 'cold'] as const;
export type CacheMode = (typeof cacheModes)[number];

/** One schedule of a workload that gave the right result, and how long it took. */
export interface TuningRecord {
  /** The hash of the workload. */
  readonly workload: string;
  /** The name of the target: `wasm-simd128`, say. */
  readonly target: string;
  readonly decisions: Readonly<Record<string, Choice>>;
  readonly trace: Trace;
  /** The median, in milliseconds of one run. */
  readonly ms: number;
  /** Half of the 95 % confidence interval of the median, as a part of it. */
  readonly spread: number;
  readonly samples: number;
  /** Whether the operands were in the caches when a run began. */
  readonly cache: CacheMode;
  /** The one machine, and the kind of machines whose times are comparable. */
  readonly device: { readonly fingerprint: string; readonly class: string };
  readonly engine: { readonly name: string; readonly version: string };
  /** What the engine can do beyond WebAssembly's first version: `simd128`, `relaxed-simd`. */
  readonly features: readonly string[];
  readonly compilerVersion: string;
  /** When it was measured, as `Date.toISOString` writes it. */
  readonly created: string;
}

const workloadFields: { readonly [F in keyof WorkloadRow]: Field } = {
  hash: sha256,
  family: text,
  shape: listOf(number),
  text,
};

/** In the order in which they are written. */
const recordFields: { readonly [F in keyof TuningRecord]: Field } = {
  workload: sha256,
  target: text,
  device: record({ class: text, fingerprint: text }),
  engine: record({ name: text, version: text }),
  features: listOf(text),
  cache: oneOf(cacheModes),
  ms: positiveNumber,
  spread: nonNegativeNumber,
  samples: positive,
  compilerVersion: text,
  created: moment,
  decisions: dictionaryOf(scalar),
  trace: list,
};

export const mistakesInWorkload = (json: unknown): readonly string[] =>
  isObject(json) ? mistakesIn(json, workloadFields) : notAnObject(json);

export const mistakesInRecord = (json: unknown): readonly string[] =>
  isObject(json) ? [...mistakesIn(json, recordFields), ...mistakesInTrace(json)] : notAnObject(json);

const mistakesInTrace = ({ trace }: Readonly<Record<string, unknown>>): readonly string[] =>
  Array.isArray(trace) ? mistakesInSteps(trace).map((mistake) => `trace, ${mistake}`) : [];

const notAnObject = (json: unknown): readonly string[] => [`should be an object, is ${JSON.stringify(json)}`];

/** Reads a workload that came as JSON. Throws a CompilerError that names every mistake. */
export function parseWorkload(json: unknown): WorkloadRow {
  refuse('workload', mistakesInWorkload(json));
  return json as WorkloadRow;
}

/** Reads a record that came as JSON. Throws a CompilerError that names every mistake. */
export function parseRecord(json: unknown): TuningRecord {
  refuse('record', mistakesInRecord(json));
  return json as TuningRecord;
}

function refuse(what: string, mistakes: readonly string[]): void {
  if (mistakes.length === 0) return;
  throw new CompilerError(`not a valid ${what}:\n${mistakes.map((line) => `  - ${line}`).join('\n')}`);
}

/** A workload as JSON: equal texts for equal workloads. */
export const printWorkload = (workload: WorkloadRow): string => printFields(workload, workloadFields);

/**
 * A record as JSON: equal texts for equal records, whatever the order of their fields. This text is what makes a record
 * itself: a database holds no two records of one text.
 */
export const printRecord = (row: TuningRecord): string =>
  printFields(
    { ...row, device: inOrder(row.device), engine: inOrder(row.engine), decisions: inOrder(row.decisions) },
    recordFields,
  );

const printFields = <T extends object>(row: T, fields: { readonly [F in keyof T]: Field }): string =>
  JSON.stringify(Object.fromEntries(Object.keys(fields).map((name) => [name, row[name as keyof T]])));

const inOrder = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) as T;

/** Orders records from the fastest; of equal ones, from the first measured. */
export function compareRecords(a: TuningRecord, b: TuningRecord): number {
  if (a.ms !== b.ms) return a.ms - b.ms;
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return printRecord(a) < printRecord(b) ? -1 : 1;
}

/** Times of one workload are comparable where these agree, and the best are kept of each group. */
export const groupOf = ({ target, cache, device, engine }: TuningRecord): string =>
  JSON.stringify([target, cache, device.class, engine.name, engine.version]);
