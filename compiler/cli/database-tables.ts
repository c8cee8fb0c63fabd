import Table from 'cli-table3';
import { groupOf, type TuningRecord } from '../../schedules/database/record.ts';
import type { StoreStats } from '../../schedules/database/stats.ts';
import type { Entry } from '../../schedules/database/store.ts';
import { printTrace } from '../../schedules/trace-text.ts';

/** A row for each kind of device that a workload has records of, with its fastest. */
export async function printEntries(entries: AsyncIterable<Entry>): Promise<string> {
  const rows: string[][] = [];
  for await (const { workload, records } of entries) {
    const cells = [workload.hash.slice(0, 12), workload.family, workload.shape.join(' ')];
    const groups = [...Map.groupBy(records, groupOf).values()];
    // Records come from the fastest, so that the first of a group is its fastest.
    for (const [best, ...others] of groups)
      if (best !== undefined) rows.push([...cells, `${others.length + 1}`, ...timeCells(best), ...placeCells(best)]);
    if (groups.length === 0) rows.push([...cells, '0', '', '', '', '', '', '']);
  }
  return table(['workload', 'family', 'shape', 'records:', 'best ms:', '± %:', ...placeHead], rows);
}

/** The text of a workload, all of its records, and the trace of the fastest. */
export function printEntry({ workload, records }: Entry): string {
  const rows = records.map((record) => [
    ...timeCells(record),
    `${record.samples}`,
    ...placeCells(record),
    record.created,
    Object.entries(record.decisions)
      .map(([name, choice]) => `${name}=${choice}`)
      .join(' '),
  ]);
  const head = ['ms:', '± %:', 'samples:', ...placeHead, 'measured', 'decisions'];
  const [best] = records;
  return [
    `workload ${workload.hash}`,
    `family ${workload.family}, shape ${workload.shape.join(' ') || 'unknown'}`,
    '',
    workload.text.trimEnd(),
    '',
    table(head, rows),
    ...(best === undefined ? [] : ['the schedule of the fastest:', '', printTrace(best.trace)]),
  ].join('\n');
}

export function printStats({ workloads, records, groups }: StoreStats): string {
  const rows = groups.map((group) => [
    group.family,
    group.target,
    group.device,
    group.engine,
    group.cache,
    `${group.workloads}`,
    `${group.records}`,
    day(group.first),
    day(group.last),
  ]);
  const head = ['family', 'target', 'device', 'engine', 'cache', 'workloads:', 'records:', 'from', 'to'];
  return `${workloads} workloads, ${records} records\n${rows.length === 0 ? '' : table(head, rows)}`;
}

const placeHead = ['target', 'device', 'engine', 'cache'];

const placeCells = ({ target, device, engine, cache }: TuningRecord): readonly string[] => [
  target,
  device.class,
  `${engine.name} ${engine.version}`,
  cache,
];

const timeCells = ({ ms, spread }: TuningRecord): readonly string[] => [ms.toPrecision(4), (spread * 100).toFixed(1)];

const day = (moment: string): string => moment.slice(0, 'yyyy-mm-dd'.length);

/** A title that ends in a colon is one of numbers. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = new Table({
    head: titles.map((title) => title.replace(/:$/, '')),
    colAligns: titles.map((title) => (title.endsWith(':') ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) shown.push([...row]);
  return `${shown.toString()}\n`;
}
