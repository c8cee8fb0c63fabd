import { CompilerError } from '../../ir/errors.ts';
import { isObject } from '../fields.ts';
import {
  mistakesInRecord,
  mistakesInWorkload,
  printRecord,
  printWorkload,
  type TuningRecord,
  type WorkloadRow,
} from './record.ts';
import type { Added, TuningStore } from './store.ts';

/** The first line, which says what the others are. */
const head = JSON.stringify({ format: 'tilewright tuning records', version: 1 });

/** How many mistakes a message lists. */
const mostMistakes = 20;

/** How many records go into one transaction. */
const batch = 1000;

/**
 * A database as JSON Lines: a head, then each workload with its records after it. The same workloads and records give
 * the same lines, and one more is one line more: files of them are easily compared and merged.
 */
export async function* printLines(store: TuningStore): AsyncGenerator<string> {
  yield head;
  for await (const { workload, records } of store.entries()) {
    yield printWorkload(workload);
    for (const record of records) yield printRecord(record);
  }
}

/**
 * Adds what lines of JSON hold, as far as it is not there yet: first the workloads, then the records, in any order of
 * lines. `open` gives the lines anew each time, since they are all checked before the first is added. Throws a
 * CompilerError that names the lines with mistakes, after which nothing has been added.
 */
export async function importLines(
  store: TuningStore,
  place: string,
  open: () => AsyncIterable<string>,
): Promise<Added> {
  const workloads = await check(store, place, open());
  const added = { ...(await store.add(workloads, [])) };
  let records: TuningRecord[] = [];
  const flush = async (): Promise<void> => {
    added.records += (await store.add([], records)).records;
    records = [];
  };
  for await (const record of recordsIn(open())) {
    records.push(record);
    if (records.length === batch) await flush();
  }
  await flush();
  return added;
}

async function* recordsIn(lines: AsyncIterable<string>): AsyncGenerator<TuningRecord> {
  for await (const line of lines) {
    const json = line === head ? undefined : parseLine(line);
    if (isRecord(json)) yield json as unknown as TuningRecord;
  }
}

const isRecord = (json: unknown): json is Readonly<Record<string, unknown>> =>
  isObject(json) && Object.hasOwn(json, 'workload');

/** The workloads. */
async function check(store: TuningStore, place: string, lines: AsyncIterable<string>): Promise<readonly WorkloadRow[]> {
  const mistakes: string[] = [];
  const workloads = new Map<string, WorkloadRow>();
  /** With the first line that has a record of them. */
  const wanted = new Map<unknown, number>();
  let number = 0;
  for await (const line of lines) {
    number++;
    if (number === 1 && line !== head)
      throw new CompilerError(`${place} is no export of a tuning database: its first line should be ${head}`);
    if (line === head || line === '') continue;
    const json = parseLine(line);
    const found = isRecord(json) ? mistakesInRecord(json) : mistakesInWorkload(json);
    mistakes.push(...found.map((mistake) => `line ${number}: ${mistake}`));
    if (found.length > 0) continue;
    if (isRecord(json)) {
      if (!wanted.has(json['workload'])) wanted.set(json['workload'], number);
      continue;
    }
    const workload = json as WorkloadRow;
    const { text } = workloads.get(workload.hash) ?? workload;
    if (text !== workload.text) mistakes.push(`line ${number}: an earlier line has another workload of this hash`);
    workloads.set(workload.hash, workload);
  }
  if (number === 0) throw new CompilerError(`${place} is empty, and no export of a tuning database`);
  for (const [hash, line] of wanted)
    if (!workloads.has(String(hash)) && (await store.findWorkloads(String(hash))).length === 0)
      mistakes.push(`line ${line}: the workload ${String(hash)} is in no line`);
  if (mistakes.length > 0) throw new CompilerError(`${place} is not valid:\n${listed(mistakes)}`);
  return [...workloads.values()];
}

function listed(mistakes: readonly string[]): string {
  const more = mistakes.length - mostMistakes;
  const lines = mistakes.slice(0, mostMistakes).map((mistake) => `  - ${mistake}`);
  return [...lines, ...(more > 0 ? [`  - and ${more} more`] : [])].join('\n');
}

/** What a line holds; where that is no JSON, the line itself, which is not valid either. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
