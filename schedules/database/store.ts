import type { TuningRecord, WorkloadRow } from './record.ts';
import type { StoreStats } from './stats.ts';

/**
 * A tuning database. Each method throws a CompilerError where the database cannot be read or written, or is damaged.
 */
export interface TuningStore {
  /** For messages: `memory`, the path of a file, or the address of a server, without its password. */
  readonly place: string;
  /**
   * Adds workloads and records, as far as they are not there yet: all or, where it throws, none. Once the promise is
   * fulfilled they outlast the process, in a file or on a server. A workload that is there without a shape gets the one
   * that is given. Throws a CompilerError where a record's workload is neither there nor given, or where one of the same
   * hash has another text.
   */
  readonly add: (workloads: readonly WorkloadRow[], records: readonly TuningRecord[]) => Promise<Added>;
  /** The workloads whose hash starts with this, in the order of their hashes; a whole hash gives one or none. */
  readonly findWorkloads: (prefix: string) => Promise<readonly WorkloadRow[]>;
  /** The workloads of one family, in the order of their hashes. */
  readonly workloadsOf: (family: string) => Promise<readonly WorkloadRow[]>;
  /**
   * The records of the workload of that hash, from the fastest; of equal ones, from the oldest. Only the best `keep` of
   * each target, cache mode, class of devices, engine and its version, where a number is given.
   */
  readonly recordsOf: (workload: string, keep?: number) => Promise<readonly TuningRecord[]>;
  /** Every workload with its records, in the order of their hashes, and no more than one of them in memory. */
  readonly entries: () => AsyncIterable<Entry>;
  readonly stats: () => Promise<StoreStats>;
  /** Removes all but the best `keep` records of each group, as `recordsOf` groups them. Gives how many it removed. */
  readonly prune: (keep: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** How many were new. */
export interface Added {
  readonly workloads: number;
  readonly records: number;
}

export interface Entry {
  readonly workload: WorkloadRow;
  readonly records: readonly TuningRecord[];
}
