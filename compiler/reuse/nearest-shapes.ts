import type { WorkloadRow } from '../../schedules/database/record.ts';

/** What fits an extent hardly fits one that is so many times as large. */
const FARTHEST = 4;

/** The workloads of a family whose shapes are near, from the nearest on. */
export const nearestShapes = (shape: readonly number[], family: readonly WorkloadRow[]): readonly WorkloadRow[] =>
  family
    .map((workload) => ({ workload, distance: logDistance(shape, workload.shape) }))
    .filter(({ distance }) => distance < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.distance - b.distance)
    .map(({ workload }) => workload);

/** The Euclidean distance between the logarithms; infinite between shapes that have nothing to do with each other. */
function logDistance(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const ratios = a.map((extent, i) => (extent === b[i] ? 1 : (b[i] ?? 0) / extent));
  const isNear = ratios.every((ratio) => ratio <= FARTHEST && ratio >= 1 / FARTHEST);
  return isNear ? Math.hypot(...ratios.map(Math.log2)) : Number.POSITIVE_INFINITY;
}
