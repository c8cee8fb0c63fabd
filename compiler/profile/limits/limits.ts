/** What a device reaches at best, as it was measured on it. */
export interface DeviceLimits {
  /** Sums of products of f32 in registers, GFLOP/s: each is two. */
  readonly gflops: number;
  /** At least one, ascending by size. */
  readonly copies: readonly CopySpeed[];
}

/** GB/s of a copy, bytes that are read and bytes that are written together. */
export interface CopySpeed {
  readonly bytes: number;
  readonly gbps: number;
}

/** What one run of a kernel does: operations on floats, and bytes that it touches, each once. */
export interface Work {
  readonly flops: number;
  readonly bytes: number;
}

export interface Bound {
  readonly by: 'arithmetic' | 'memory';
  readonly ms: number;
}

/**
 * The least time that a device could take for some work, after the roofline model (Williams, Waterman and Patterson 2009).
 * Bytes move as fast as in the largest copy that is not larger, since smaller ones stay in faster caches.
 */
export function leastTime({ gflops, copies }: DeviceLimits, { flops, bytes }: Work): Bound {
  const gbps = (copies.findLast((copy) => copy.bytes <= bytes) ?? copies[0])?.gbps ?? Number.NaN;
  const [arithmetic, memory] = [flops / gflops / 1e6, bytes / gbps / 1e6];
  return arithmetic >= memory ? { by: 'arithmetic', ms: arithmetic } : { by: 'memory', ms: memory };
}
