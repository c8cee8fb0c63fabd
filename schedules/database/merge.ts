import type { Added, TuningStore } from './store.ts';

/**
 * Adds what another database holds, as far as it is not there yet: a workload with its records at a time. Where it is cut
 * off, it may be done again.
 */
export async function merge(store: TuningStore, other: TuningStore): Promise<Added> {
  let sum: Added = { workloads: 0, records: 0 };
  for await (const { workload, records } of other.entries()) {
    const added = await store.add([workload], records);
    sum = { workloads: sum.workloads + added.workloads, records: sum.records + added.records };
  }
  return sum;
}
