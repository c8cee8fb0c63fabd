import { randomSourceOf } from '../../ir/random.ts';
import { type Forest, predict } from '../../schedules/cost-model/forest.ts';
import { groupOf, type TuningRecord, type WorkloadRow } from '../../schedules/database/record.ts';
import { idOf } from '../../schedules/database/rows.ts';
import type { TuningStore } from '../../schedules/database/store.ts';
import { inOneGo } from '../../schedules/search/proposal.ts';
import { randomStrategy } from '../../schedules/search/random.ts';
import type { CostModel, Decisions } from '../../schedules/search/search.ts';
import { isFaster } from '../../schedules/search/winner.ts';
import { type Target, wasmSimd } from '../../schedules/target/target.ts';
import type { Kernel, KernelSource, KernelVariant } from '../kernels.ts';
import { cacheModeFor } from '../tune/cache-mode.ts';
import { candidateSpace, executable } from '../tune/candidate-space.ts';
import { type DeviceProfile, targetOf } from '../tune/device.ts';
import { type Analysis, analyze } from '../tune/features.ts';
import { workloadRow } from '../tune/workload-key.ts';
import { executedSteps } from './executed-steps.ts';
import { nearestShapes } from './nearest-shapes.ts';
import { orderRecords } from './order-records.ts';
import type { Answer, Rank } from './ranks.ts';

/** A kernel with where its schedule is from. */
export interface Reused {
  readonly kernel: Kernel;
  readonly answer: Answer;
}

/** Calls of equal workloads, which share a kernel. */
export interface Group<S extends KernelSource> {
  readonly source: S;
  readonly row: WorkloadRow;
  readonly calls: readonly S[];
}

/** Makes kernels, for a processor or for a GPU. */
export interface KernelBuilder<S extends KernelSource> {
  /** By the default schedule. */
  readonly standard: (source: S) => Kernel;
  /** Throws where the schedule is not legal, or cannot be lowered. */
  readonly build: (source: S, target: Target, decisions: Decisions) => Kernel;
}

/** What proposals are looked for in. */
export interface Sources {
  readonly store: TuningStore;
  readonly profile: DeviceProfile;
  readonly costModel?: CostModel;
  /** What is known of the target's schedules before anything is measured. */
  readonly prior: Forest;
  /** Whether memory allows the definition that is chosen. */
  readonly allows: (decisions: Decisions) => boolean;
}

/** A schedule that a kernel may get. */
interface Proposal {
  readonly rank: Exclude<Rank, 5>;
  readonly target: Target;
  readonly decisions: Decisions;
  readonly record?: TuningRecord;
}

/** So many of the best records of each kind are looked at. */
const KEPT = 64;
/** So many schedules are tried before the next rank is. */
const TRIES = 4;
/** From so many schedules the cost model takes the best. */
const SAMPLE = 32;
/** How much faster it has to be, as a logarithm: what the prior says of a workload that it has not seen is less sure. */
const MARGIN = 0.2;
/** By so little, as a logarithm, the prior cannot tell which of two schedules is the slower one. */
const UNSURE = 0.03;

/** Those whose workloads and keys are equal. */
export function equalWorkloads<S extends KernelSource>(
  sources: readonly S[],
  keyOf: (source: S) => string,
): readonly Group<S>[] {
  const known = sources.map((source) => ({ source, row: workloadRow(source) }));
  const groups = Map.groupBy(known, ({ source, row }) => `${row.hash} ${keyOf(source)}`);
  return [...groups.values()].flatMap((group) => {
    const calls = group.map(({ source }) => source);
    return group.slice(0, 1).map((first) => ({ ...first, calls }));
  });
}

/** The first proposal that can be built; the default schedule where there is none. */
export async function bestOf<S extends KernelSource>(
  group: Group<S>,
  sources: Sources,
  builder: KernelBuilder<S>,
): Promise<Reused> {
  const { source, row } = group;
  const known = await measured(group, sources);
  const unbeaten = defaultAmong(known, () => builder.standard(source));
  if (unbeaten !== undefined) return unbeaten;
  for await (const { rank, target, decisions, record } of proposals(known, group, sources)) {
    const kernel = attempt(() => builder.build(source, target, decisions));
    if (kernel === undefined) continue;
    if (rank < 3 && record !== undefined && !isAsMeasured(kernel, target, record)) continue;
    if (rank === 3 && !isPromising(kernel, builder.standard(source), target, sources.prior)) continue;
    return { kernel, answer: { rank, workload: row.hash, ...(record && originOf(record)) } };
  }
  return { kernel: builder.standard(source), answer: { rank: 5, workload: row.hash } };
}

const originOf = (record: TuningRecord): Pick<Answer, 'record'> => ({
  record: { sha256: idOf(record), workload: record.workload },
});

/**
 * The default schedule, where it was measured as well and the best record is not faster than that by more than chance:
 * what a tuner does not call a winner is none here. It is made only where there is something that the best did not beat.
 */
function defaultAmong(known: readonly MeasuredProposal[], standard: () => Kernel): Reused | undefined {
  const [best, ...others] = known;
  if (best === undefined) return undefined;
  const group = groupOf(best.record);
  const near = others.filter(({ record }) => groupOf(record) === group && !isFaster(best.record, record));
  if (near.length === 0) return undefined;
  const kernel = standard();
  const found = near.find(({ target, record }) => isAsMeasured(kernel, target, record));
  return found && { kernel, answer: { rank: found.rank, workload: found.record.workload, ...originOf(found.record) } };
}

/**
 * A record counts for what was measured: where its decisions have come to give another schedule, because rules have
 * changed since, its time says little.
 */
const isAsMeasured = (kernel: Kernel, target: Target, { trace }: TuningRecord): boolean =>
  executedSteps(variantFor(target, kernel).trace) === executedSteps(trace);

/**
 * Whether what was fast for another workload may be faster here than the default schedule: it lets no more values go to
 * memory and back for want of registers, and the prior does not take it for slower.
 */
function isPromising(kernel: Kernel, standard: Kernel, target: Target, prior: Forest): boolean {
  const [near, byDefault] = [analysisOf(kernel, target), analysisOf(standard, target)];
  if (near.vectorsAlive > Math.max(target.vectorRegisters, byDefault.vectorsAlive)) return false;
  const [score = 0, otherwise = 0] = predict(prior, [near.features, byDefault.features]);
  return score >= otherwise - UNSURE;
}

function analysisOf(kernel: Kernel, target: Target): Analysis {
  const { lowered, shared } = variantFor(target, kernel);
  return analyze(lowered.map(executable(target)), shared, target);
}

const variantFor = (target: Target, kernel: Kernel): KernelVariant => (target === wasmSimd ? kernel : kernel.relaxed);

async function* proposals(
  known: readonly Proposal[],
  group: Group<KernelSource>,
  sources: Sources,
): AsyncGenerator<Proposal> {
  yield* known.slice(0, TRIES);
  yield* nearest(group, sources);
  yield* predicted(group, sources);
}

type MeasuredProposal = Proposal & Required<Pick<Proposal, 'record'>>;

/** Ranks 1 and 2. */
async function measured(
  { source, row }: Group<KernelSource>,
  { store, profile, allows }: Sources,
): Promise<readonly MeasuredProposal[]> {
  const known = orderRecords(await store.recordsOf(row.hash, KEPT), profile, cacheModeFor(source, targetOf(profile)));
  return known
    .map((usable) => ({ ...usable, decisions: decisionsIn(usable.record) }))
    .filter(({ decisions }) => allows(decisions));
}

/**
 * Rank 3: the best record of each of the nearest workloads that have one, the workload itself before others. Where memory
 * does not allow the best one, what is next after it says little: the default schedule may be faster than that.
 */
async function* nearest(
  { source, row }: Group<KernelSource>,
  { store, profile, allows }: Sources,
): AsyncGenerator<Proposal> {
  const cache = cacheModeFor(source, targetOf(profile));
  let tries = 0;
  for (const near of nearestShapes(row.shape, await store.workloadsOf(row.family))) {
    const known = orderRecords(await store.recordsOf(near.hash, KEPT), profile, cache);
    const [best] = known;
    if (best === undefined || !allows(decisionsIn(best.record))) continue;
    if (++tries > TRIES) return;
    yield { rank: 3, target: best.target, decisions: decisionsIn(best.record), record: best.record };
  }
}

/** Rank 4: what a cost model takes for the fastest of a sample, where it is clearly faster than the default schedule. */
function* predicted(
  { source, row }: Group<KernelSource>,
  { profile, costModel, allows }: Sources,
): Generator<Proposal> {
  if (costModel === undefined) return;
  const target = targetOf(profile);
  const space = candidateSpace(source, target);
  const drawn = inOneGo(randomStrategy(space, randomSourceOf(0, row.hash)).propose(SAMPLE));
  const allowed = drawn.filter(({ decisions }) => allows(decisions));
  const [standard = 0, ...scores] = costModel.score([space.preferred, ...allowed]);
  const score = Math.max(...scores);
  const best = allowed[scores.indexOf(score)];
  if (best !== undefined && score > standard + MARGIN) yield { rank: 4, target, decisions: best.decisions };
}

/** None where a schedule is not legal or cannot be lowered, whatever the reason. */
function attempt(build: () => Kernel): Kernel | undefined {
  try {
    return build();
  } catch {
    return undefined;
  }
}

const decisionsIn = ({ decisions }: TuningRecord): Decisions => new Map(Object.entries(decisions));
