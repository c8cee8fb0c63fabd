import type { NodeOf } from '../../ir/graph/graph.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { Workload } from '../../schedules/space/search-space.ts';
import { lowerGroup } from './lower-group.ts';

/** The algorithms for a group. The first is the plain one, by whose text equal workloads are known. */
export const workloadOf = (node: NodeOf<'fused'>): Workload => onlyDirect(lowerGroup(node));

/** A workload with one definition. */
export const onlyDirect = (func: TensorFunc): Workload => ({
  definitions: [{ name: 'direct', func }],
  preferred: 'direct',
});
