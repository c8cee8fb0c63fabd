import type { TuningStore } from '../../schedules/database/store.ts';
import type { Candidate, Strategy } from '../../schedules/search/search.ts';
import type { KernelTask } from './tasks.ts';

/** So many schedules are tried first. */
const KNOWN = 3;
/** Among so many records of each kind of device: one schedule may have several. */
const RECORDS = 16;

/** The candidates of a task that a store has the fastest records of, wherever they were measured. */
export async function knownCandidates(
  { workload, target, space }: KernelTask,
  store: TuningStore,
): Promise<readonly Candidate[]> {
  const records = (await store.recordsOf(workload, RECORDS)).filter((record) => record.target === target.name);
  const candidates = records.map(({ decisions }) => space.at(new Map(Object.entries(decisions))));
  const known = new Map(
    candidates.flatMap((candidate) => (candidate === undefined ? [] : [[candidate.key, candidate]])),
  );
  return [...known.values()].filter(({ key }) => key !== space.preferred.key).slice(0, KNOWN);
}

/** Proposes what is known already, and then what another strategy does, which is told of it. */
export function knownFirst(known: readonly Candidate[], strategy: Strategy): Strategy {
  const told = new Set<string>();
  let rest = known;
  return {
    name: strategy.name,
    *propose(count) {
      const open = rest.filter(({ key }) => !told.has(key));
      const first = open.slice(0, count);
      rest = open.slice(count);
      // The others are proposed when the outcomes of these are known.
      return first.length > 0 ? first : yield* strategy.propose(count);
    },
    tell: (candidate, outcome) => {
      told.add(candidate.key);
      strategy.tell(candidate, outcome);
    },
  };
}
