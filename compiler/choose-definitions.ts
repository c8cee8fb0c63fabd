import type { Definition, Workload } from '../schedules/space/search-space.ts';

/** So much of its time a definition must save to be worth its code and its rounding. */
const leastGain = 0.15;

/**
 * Prefers faster definitions of workloads where these need more memory for their weights, as long as they need no more
 * than `budget` bytes together beyond the preferred ones. They go to those that save most time for a byte, one after the
 * other (the greedy way to fill a knapsack of which each class gives one item). Definitions for which too little is left
 * then are none of the workload any more.
 */
export function chooseDefinitions(workloads: readonly Workload[], budget: number): readonly Workload[] {
  const chosen = workloads.map((workload) => preferredOf(workload));
  let left = budget;
  for (;;) {
    const upgrades = workloads.flatMap((workload, at) => upgradesOf(workload, chosen[at], at));
    const best = upgrades
      .filter(({ bytes }) => bytes <= left)
      .reduce<Upgrade | undefined>(
        (most, one) => (most === undefined || rate(one) > rate(most) ? one : most),
        undefined,
      );
    if (best === undefined) break;
    chosen[best.at] = best.definition;
    left -= best.bytes;
  }
  return workloads.map((workload, at) => {
    const preferred = chosen[at];
    if (preferred === undefined) return workload;
    const definitions = workload.definitions.filter((definition) => bytesOf(definition) - bytesOf(preferred) <= left);
    return { definitions, preferred: preferred.name };
  });
}

const bytesOf = ({ cost }: Definition): number => cost?.bytes ?? 0;

interface Upgrade {
  readonly at: number;
  readonly definition: Definition;
  /** What it takes and saves more than what is chosen. */
  readonly bytes: number;
  readonly cycles: number;
}

const rate = ({ cycles, bytes }: Upgrade): number => cycles / Math.max(1, bytes);

const preferredOf = ({ definitions, preferred }: Workload): Definition | undefined =>
  definitions.find(({ name }) => name === preferred);

function upgradesOf(workload: Workload, chosen: Definition | undefined, at: number): readonly Upgrade[] {
  const [cost, plain] = [chosen?.cost, preferredOf(workload)?.cost];
  if (cost === undefined || plain === undefined) return [];
  return workload.definitions.flatMap((definition) => {
    if (definition.cost === undefined || definition.cost.cycles > (1 - leastGain) * plain.cycles) return [];
    const [bytes, cycles] = [definition.cost.bytes - cost.bytes, cost.cycles - definition.cost.cycles];
    return cycles > 0 ? [{ at, definition, bytes, cycles }] : [];
  });
}
