import type { Annotations, For } from '../../ir/tensor/tensor-func.ts';

/** Where the iterations of a loop stand in the parallel loop that it was cut from, which threads share as a whole. */
export interface ParallelRange {
  readonly from: number;
  readonly of: number;
}

/** Of a parallel loop of constant extent. One that was never cut is the whole. */
export function parallelRange({ annotations, extent }: For): ParallelRange | undefined {
  const [from, of] = [annotations?.['from'], annotations?.['of']];
  if (typeof from === 'number' && typeof of === 'number') return { from, of };
  return extent.kind === 'const' ? { from: 0, of: Number(extent.value) } : undefined;
}

/** The annotations of the part of a parallel loop that begins with its iteration `at`. */
export function partAnnotations(loop: For, at: number): Annotations | undefined {
  const range = parallelRange(loop);
  return range && { ...loop.annotations, from: range.from + at, of: range.of };
}
