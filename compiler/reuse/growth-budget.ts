import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { Decisions } from '../../schedules/search/search.ts';
import type { Workload } from '../../schedules/space/search-space.ts';

/** What is left of what weights may grow by, after the definitions that are preferred. */
export interface GrowthBudget {
  /** Whether so many calls of a workload can have the definition that these decisions choose: it has that one, and memory. */
  readonly allows: (workload: Workload, calls: number, decisions: Decisions) => boolean;
  /** They have the definition that was scheduled. */
  readonly spend: (workload: Workload, calls: number, scheduled: TensorFunc) => void;
}

/** A budget of so many bytes, of which the preferred definitions of these workloads, one a call, have their part. */
export function growthBudget(bytes: number, workloads: readonly Workload[]): GrowthBudget {
  let left = workloads.reduce((rest, workload) => rest - bytesOf(workload, workload.preferred), bytes);
  const more = (workload: Workload, calls: number, definition: unknown): number =>
    calls * (bytesOf(workload, definition) - bytesOf(workload, workload.preferred));
  return {
    allows: (workload, calls, decisions) => {
      const definition = decisions.get('definition') ?? workload.preferred;
      const isKnown = workload.definitions.some(({ name }) => name === definition);
      return isKnown && more(workload, calls, definition) <= Math.max(0, left);
    },
    spend: (workload, calls, scheduled) => {
      const definition = workload.definitions.find(({ func }) => func === scheduled);
      left -= more(workload, calls, definition?.name ?? workload.preferred);
    },
  };
}

/** What a definition needs more than the plain one. */
function bytesOf({ definitions }: Workload, definition: unknown): number {
  const cost = definitions.find(({ name }) => name === definition)?.cost;
  return cost === undefined ? 0 : cost.bytes - (definitions[0]?.cost?.bytes ?? 0);
}
