import { expect, test } from 'vitest';
import { importLines, printLines } from '../../../schedules/database/json-lines.ts';
import { MemoryStore } from '../../../schedules/database/memory-store.ts';
import { printRecord, printWorkload } from '../../../schedules/database/record.ts';
import { asAsync, collect, record, workload } from './rows.ts';

const head = '{"format":"tilewright tuning records","version":1}';
const [a, b] = [workload('a'), workload('b')];

async function refusal(lines: readonly string[]): Promise<string> {
  const store = new MemoryStore();
  const refused = await importLines(store, 'x.jsonl', () => asAsync(lines)).then(
    () => 'nothing',
    (error: Error) => error.message,
  );
  expect(await collect(store.entries())).toEqual([]);
  return refused;
}

test('a line holds one workload or record, in the order of hashes and times', async () => {
  const store = new MemoryStore();
  await store.add([a, b], [record(a, 2), record(b, 3), record(a, 1)]);
  const blocks = [
    [printWorkload(a), printRecord(record(a, 1)), printRecord(record(a, 2))],
    [printWorkload(b), printRecord(record(b, 3))],
  ];
  const sorted = a.hash < b.hash ? blocks : blocks.toReversed();
  expect(await collect(printLines(store))).toEqual([head, ...sorted.flat()]);
});

test('nothing is added of lines with a mistake, and each is named', async () => {
  const lines = [
    head,
    printWorkload(a),
    '<<<<<<< HEAD',
    printRecord(record(a, 1)).replace('"ms":1', '"ms":-1'),
    printRecord(record(b, 1)),
    printWorkload({ ...a, text: 'another' }),
    '',
    '7',
  ];
  expect(await refusal(lines)).toMatchInlineSnapshot(`
    "x.jsonl is not valid:
      - line 3: should be an object, is "<<<<<<< HEAD"
      - line 4: 'ms' should be a positive number, is -1
      - line 6: an earlier line has another workload of this hash
      - line 8: should be an object, is 7
      - line 5: the workload 4e6b1241fc26071bfd9bf946cad99132552dd0958440940d2245f4e70785860f is in no line"
  `);
});

test('a long list of mistakes is cut short', async () => {
  const message = await refusal([head, ...Array.from({ length: 30 }, () => '{}')]);
  expect(message.split('\n')).toHaveLength(1 + 20 + 1);
  expect(message).toMatch(/\n {2}- and 100 more$/);
});

test('what is no export, or one of another version, is refused', async () => {
  const other = head.replace('1', '2');
  expect(await refusal([])).toBe('x.jsonl is empty, and no export of a tuning database');
  for (const first of [other, 'text', printWorkload(a)])
    expect(await refusal([first])).toBe(`x.jsonl is no export of a tuning database: its first line should be ${head}`);
});

test('two files in one are read as one, and records may be of workloads that are there', async () => {
  const store = new MemoryStore();
  await store.add([b], []);
  const lines = [head, printRecord(record(a, 1)), printWorkload(a), head, printRecord(record(b, 1)), printWorkload(a)];
  expect(await importLines(store, 'x.jsonl', () => asAsync(lines))).toEqual({ workloads: 1, records: 2 });
});

test('more records than go into one transaction are all added', async () => {
  const records = Array.from({ length: 2500 }, (_, i) => record(a, i + 1));
  const store = new MemoryStore();
  const lines = [head, printWorkload(a), ...records.map(printRecord)];
  expect(await importLines(store, 'x.jsonl', () => asAsync(lines))).toEqual({ workloads: 1, records: 2500 });
  expect(await store.recordsOf(a.hash)).toEqual(records);
});
