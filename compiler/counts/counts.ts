/**
 * What a piece of a kernel executes. Operations are those of the flat form, one for a vector as for a scalar; how
 * addresses are formed and loops are kept is not counted.
 */
export interface Counts {
  /** Sums, differences, products, quotients, roots, minima and maxima of floats, one for each lane. */
  readonly flops: number;
  readonly vectorOps: number;
  readonly scalarOps: number;
  /** Load instructions: one for neighbouring elements or for an element in every lane, else one a lane. */
  readonly loads: number;
  readonly stores: number;
  readonly loadedBytes: number;
  readonly storedBytes: number;
}

const fromKeys = (f: (key: keyof Counts) => number): Counts => ({
  flops: f('flops'),
  vectorOps: f('vectorOps'),
  scalarOps: f('scalarOps'),
  loads: f('loads'),
  stores: f('stores'),
  loadedBytes: f('loadedBytes'),
  storedBytes: f('storedBytes'),
});

export const noCounts: Counts = fromKeys(() => 0);

export const addCounts = (a: Counts, b: Partial<Counts>): Counts => fromKeys((key) => a[key] + (b[key] ?? 0));
export const scaleCounts = (counts: Counts, times: number): Counts => fromKeys((key) => counts[key] * times);
/** At most so many, whichever of the two is executed. */
export const maxCounts = (a: Counts, b: Counts): Counts => fromKeys((key) => Math.max(a[key], b[key]));

/** The instructions that do a kernel's work: about what its time is in proportion to, where memory is fast enough. */
export const instructionsOf = ({ vectorOps, scalarOps, loads, stores }: Counts): number =>
  vectorOps + scalarOps + loads + stores;
