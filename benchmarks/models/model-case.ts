import type { Output, Workload } from '../engines/engine.ts';

/** A model to measure; its weights are in memory only while it is. */
export interface ModelCase {
  readonly id: string;
  load(): Promise<Workload & { readonly outputs: readonly Output[] }>;
}
