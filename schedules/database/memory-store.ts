import { CompilerError } from '../../ir/errors.ts';
import { compareRecords, groupOf, printRecord, type TuningRecord, type WorkloadRow } from './record.ts';
import { groupStats, statsOf } from './stats.ts';
import type { Entry, TuningStore } from './store.ts';

interface Known {
  readonly workload: WorkloadRow;
  /** By their texts. */
  readonly records: ReadonlyMap<string, TuningRecord>;
}

/** A tuning database that ends with its process. It needs nothing of Node. */
export class MemoryStore implements TuningStore {
  readonly place = 'memory';
  /** By the hashes of the workloads. */
  #known: ReadonlyMap<string, Known> = new Map();

  readonly add: TuningStore['add'] = async (workloads, records) => {
    const [known, before] = [new Map(this.#known), this.#counts()];
    for (const workload of workloads) known.set(workload.hash, withWorkload(known.get(workload.hash), workload));
    for (const [hash, added] of Map.groupBy(records, ({ workload }) => workload)) {
      const found = known.get(hash);
      if (found === undefined) throw new CompilerError(`a record is of the workload ${hash}, which is not there`);
      known.set(hash, { ...found, records: new Map([...found.records, ...byText(added)]) });
    }
    this.#known = known;
    const after = this.#counts();
    return { workloads: after.workloads - before.workloads, records: after.records - before.records };
  };

  readonly findWorkloads: TuningStore['findWorkloads'] = async (prefix) =>
    this.#workloads().filter(({ hash }) => hash.startsWith(prefix));

  readonly workloadsOf: TuningStore['workloadsOf'] = async (family) =>
    this.#workloads().filter((workload) => workload.family === family);

  readonly recordsOf: TuningStore['recordsOf'] = async (workload, keep = Number.POSITIVE_INFINITY) =>
    best(this.#known.get(workload)?.records.values() ?? [], keep);

  async *entries(): AsyncGenerator<Entry> {
    for (const workload of this.#workloads()) yield { workload, records: await this.recordsOf(workload.hash) };
  }

  readonly stats: TuningStore['stats'] = async () => {
    const all = [...this.#known.values()].flatMap(({ workload: { family }, records }) =>
      [...records.values()].map((record) => ({ family, record })),
    );
    const groups = Map.groupBy(all, ({ family, record }) => `${family} ${groupOf(record)}`);
    const stats = [...groups.values()].flatMap(([first, ...others]) =>
      first === undefined ? [] : [groupStats(first.family, [first.record, ...others.map(({ record }) => record)])],
    );
    return statsOf(this.#known.size, stats);
  };

  readonly prune: TuningStore['prune'] = async (keep) => {
    const before = this.#counts();
    const kept = [...this.#known].map(
      ([hash, { workload, records }]) => [hash, { workload, records: byText(best(records.values(), keep)) }] as const,
    );
    this.#known = new Map(kept);
    return before.records - this.#counts().records;
  };

  readonly close: TuningStore['close'] = async () => undefined;

  #workloads(): readonly WorkloadRow[] {
    const workloads = [...this.#known.values()].map(({ workload }) => workload);
    return workloads.sort((a, b) => (a.hash < b.hash ? -1 : 1));
  }

  #counts(): { readonly workloads: number; readonly records: number } {
    const records = [...this.#known.values()].reduce((sum, known) => sum + known.records.size, 0);
    return { workloads: this.#known.size, records };
  }
}

const byText = (records: readonly TuningRecord[]): ReadonlyMap<string, TuningRecord> =>
  new Map(records.map((record) => [printRecord(record), record]));

function withWorkload(known: Known | undefined, added: WorkloadRow): Known {
  if (known === undefined) return { workload: added, records: new Map() };
  const { workload, records } = known;
  if (workload.text !== added.text) throw new CompilerError(`there is another workload of the hash ${added.hash}`);
  return { workload: workload.shape.length > 0 ? workload : { ...workload, shape: added.shape }, records };
}

/** The best of each group, from the fastest. */
function best(records: Iterable<TuningRecord>, keep: number): readonly TuningRecord[] {
  const seen = new Map<string, number>();
  return [...records].sort(compareRecords).filter((record) => {
    const place = (seen.get(groupOf(record)) ?? 0) + 1;
    seen.set(groupOf(record), place);
    return place <= keep;
  });
}
