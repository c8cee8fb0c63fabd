import type { CacheMode, TuningRecord } from './record.ts';

export interface StoreStats {
  readonly workloads: number;
  readonly records: number;
  /** In the order of their names. */
  readonly groups: readonly GroupStats[];
}

/** What is known of one family on one kind of device. */
export interface GroupStats {
  readonly family: string;
  readonly target: string;
  readonly cache: CacheMode;
  /** The class of devices. */
  readonly device: string;
  /** Name and version. */
  readonly engine: string;
  /** With at least one record. */
  readonly workloads: number;
  readonly records: number;
  /** When the first and the last record were measured. */
  readonly first: string;
  readonly last: string;
}

/** The statistics of a database with so many workloads. */
export const statsOf = (workloads: number, groups: readonly GroupStats[]): StoreStats => ({
  workloads,
  records: groups.reduce((sum, group) => sum + group.records, 0),
  groups: groups.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
});

const keyOf = ({ family, target, cache, device, engine }: GroupStats): string =>
  JSON.stringify([family, target, cache, device, engine]);

/** The statistics of records that agree in all that divides groups, at least one. */
export function groupStats(family: string, records: readonly [TuningRecord, ...TuningRecord[]]): GroupStats {
  const [{ target, cache, device, engine }] = records;
  const times = records.map(({ created }) => created).sort();
  return {
    family,
    target,
    cache,
    device: device.class,
    engine: `${engine.name} ${engine.version}`,
    workloads: new Set(records.map(({ workload }) => workload)).size,
    records: records.length,
    first: times[0] ?? '',
    last: times.at(-1) ?? '',
  };
}
