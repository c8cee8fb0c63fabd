import type { CandidateSpace } from '../../compiler/tune/candidate-space.ts';
import type { Measurer } from '../../compiler/tune/measure/measurer.ts';
import { measureTasks } from '../../compiler/tune/measure-tasks.ts';
import type { KernelTask } from '../../compiler/tune/tasks.ts';
import { openDecisionsOf } from '../../schedules/decision.ts';
import { everyCandidate } from '../../schedules/search/exhaustive.ts';
import type { Candidate, Decisions, Outcome, SearchSpace } from '../../schedules/search/search.ts';
import { drawLayers } from './layers.ts';
import { tasksOfLayers } from './records.ts';

/** A task with the outcome of every schedule of its space. */
export interface WholeSpace {
  readonly task: KernelTask;
  readonly space: SearchSpace;
  /** By the keys of the candidates. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Milliseconds. */
  readonly best: number;
  readonly standard: number;
}

/** Large enough for a search, and not so large that it takes minutes to measure. */
const SIZE = { least: 48, most: 4000 };
const OF_EACH_FAMILY = 3;
/** Other layers than the prior was trained on. */
const SEED = 2;

/** Measures spaces of layers that the prior does not know as a whole; no other is begun after so many milliseconds. */
export async function measureWholeSpaces(measurer: Measurer, ms: number): Promise<readonly WholeSpace[]> {
  const start = performance.now();
  const found: WholeSpace[] = [];
  for (const task of chosenTasks(measurer)) {
    if (performance.now() - start > ms) break;
    const candidates = [...everyCandidate(onOneThread(task.space))];
    const space = drawnFrom(candidates, onOneThread(task.space));
    process.stderr.write(`${task.name}: ${candidates.length} schedules …\n`);
    const measured = await measureTasks([task], measurer)(task, candidates);
    const outcomes = new Map<string, Outcome>();
    for (const [i, { key }] of candidates.entries()) outcomes.set(key, measured[i] ?? lost);
    const standard = msOf(outcomes.get(space.preferred.key) ?? lost);
    found.push({ task, space, outcomes, best: Math.min(...[...outcomes.values()].map(msOf)), standard });
  }
  return found;
}

export const lost: Outcome = { kind: 'crash', message: 'not measured' };

const msOf = (outcome: Outcome): number => (outcome.kind === 'time' ? outcome.ms : Number.POSITIVE_INFINITY);

/** Some of each family, those with the smallest spaces first. */
function chosenTasks(measurer: Measurer): readonly KernelTask[] {
  const tasks = tasksOfLayers(drawLayers(SEED), measurer)
    .map((task) => ({ task, size: sizeOnOneThread(task.space.preferred) }))
    .filter(({ size }) => size >= SIZE.least && size <= SIZE.most);
  return [...Map.groupBy(tasks, ({ task }) => task.row.family).values()]
    .flatMap((family) => family.slice(0, OF_EACH_FAMILY))
    .sort((a, b) => a.size - b.size)
    .map(({ task }) => task);
}

const isForThreads = (name: string): boolean => name.endsWith('.parallel');

const sizeOnOneThread = ({ trace }: Candidate): number =>
  openDecisionsOf(trace)
    .filter(({ name }) => !isForThreads(name))
    .reduce((product, { candidates }) => product * candidates.length, 1);

/** The space without what only threads are concerned with, so that there is no schedule in it several times. */
function onOneThread(space: CandidateSpace): SearchSpace {
  const withoutThreads = (decisions: Decisions): Decisions =>
    new Map([...decisions].filter(([name]) => !isForThreads(name)));
  const at = (decisions: Decisions): Candidate | undefined => space.at(withoutThreads(decisions));
  return {
    ...space,
    preferred: space.preferred,
    at,
    openDecisions: (decisions) => space.openDecisions(withoutThreads(decisions)),
  };
}

/** A space all of whose schedules are known, so that none is made again to draw one. */
const drawnFrom = (candidates: readonly Candidate[], space: SearchSpace): SearchSpace => ({
  ...space,
  sample: (random) => candidates[Math.floor(random() * candidates.length)],
});
