import type { Graph } from '../../ir/graph/graph.ts';
import { randomSourceOf } from '../../ir/random.ts';
import type { TuningRecord, WorkloadRow } from '../../schedules/database/record.ts';
import { idOf } from '../../schedules/database/rows.ts';
import type { TuningStore } from '../../schedules/database/store.ts';
import { asDecided } from '../../schedules/decision.ts';
import { inOneGo } from '../../schedules/search/proposal.ts';
import { randomStrategy } from '../../schedules/search/random.ts';
import type { CostModel, Decisions } from '../../schedules/search/search.ts';
import type { ParallelAxis } from '../../schedules/space/context.ts';
import { type Target, wasmSimd } from '../../schedules/target/target.ts';
import {
  buildKernel,
  callsOf,
  growthOf,
  type Kernel,
  type KernelCall,
  type KernelSource,
  type KernelVariant,
  kernelSources,
} from '../kernels.ts';
import { candidateSpace, executable } from '../tune/candidate-space.ts';
import { type DeviceProfile, nodeProfile, targetOf } from '../tune/device.ts';
import { analyze } from '../tune/features.ts';
import { workloadRow } from '../tune/workload-key.ts';
import { executedSteps } from './executed-steps.ts';
import { growthBudget } from './growth-budget.ts';
import { nearestShapes } from './nearest-shapes.ts';
import { orderRecords } from './order-records.ts';
import type { Answer, Rank } from './ranks.ts';

export interface ReuseOptions {
  readonly store: TuningStore;
  /** The device and the engine that the model is compiled for: these, if nothing is said. */
  readonly profile?: DeviceProfile;
  /**
   * What ranks schedules of workloads that no record is near to, by logarithms of their speed; they get the default
   * schedule where there is none. A sample of each is lowered for it, which takes longer than to compile the model.
   */
  readonly costModel?: CostModel;
  /**
   * At most so many schedules of the whole model, of which the runtime can choose, for different kinds of devices that
   * the store knows: one, for the profile, if nothing is said.
   */
  readonly variants?: number;
}

/** A kernel with where its schedule is from. */
export interface Reused {
  readonly kernel: Kernel;
  readonly answer: Answer;
}

/** Calls of equal workloads, which share a kernel. */
interface Group {
  readonly source: KernelSource;
  readonly row: WorkloadRow;
  readonly calls: readonly KernelSource[];
}

/** A schedule that a kernel may get. */
interface Proposal {
  readonly rank: Exclude<Rank, 5>;
  readonly target: Target;
  readonly decisions: Decisions;
  readonly record?: TuningRecord;
}

/** What proposals are looked for in. */
interface Sources extends Required<Pick<ReuseOptions, 'store' | 'profile'>>, Pick<ReuseOptions, 'costModel'> {
  /** Whether memory allows the definition that is chosen. */
  readonly allows: (decisions: Decisions) => boolean;
}

/** So many of the best records of each kind are looked at. */
const KEPT = 64;
/** So many schedules are tried before the next rank is. */
const TRIES = 4;
/** From so many schedules the cost model takes the best. */
const SAMPLE = 32;
/** How much faster it has to be, as a logarithm: what the prior says of a workload that it has not seen is less sure. */
const MARGIN = 0.2;

/**
 * The kernels of a fused graph, with what a tuning database knows of their workloads or of near ones. The same database
 * and device give the same kernels. Throws a CompilerError where the database cannot be read.
 */
export async function reuseKernels(
  graph: Graph,
  { store, profile = nodeProfile(), costModel }: ReuseOptions,
  parallel?: ParallelAxis,
  growth?: number,
): Promise<{ readonly calls: readonly KernelCall[]; readonly reused: readonly Reused[] }> {
  const sources = kernelSources(graph, parallel, growth);
  const budget = growthBudget(
    growthOf(graph, growth),
    sources.map(({ workload }) => workload),
  );
  const kernels = new Map<KernelSource, Kernel>();
  const reused: Reused[] = [];
  for (const group of equalWorkloads(sources)) {
    const allows = (decisions: Decisions) => budget.allows(group.source.workload, group.calls.length, decisions);
    const found = await bestOf(group, { store, profile, allows, ...(costModel && { costModel }) });
    budget.spend(group.source.workload, group.calls.length, found.kernel.tensor);
    for (const call of group.calls) kernels.set(call, found.kernel);
    reused.push(found);
  }
  return { calls: callsOf(graph, sources, (source) => kernels.get(source) as Kernel), reused };
}

/** Those that have the same definition by default: what memory allows one call it may not allow another. */
function equalWorkloads(sources: readonly KernelSource[]): readonly Group[] {
  const known = sources.map((source) => ({ source, row: workloadRow(source) }));
  const groups = Map.groupBy(known, ({ source, row }) => `${row.hash} ${source.workload.preferred}`);
  return [...groups.values()].flatMap((group) => {
    const calls = group.map(({ source }) => source);
    return group.slice(0, 1).map((first) => ({ ...first, calls }));
  });
}

/** The first proposal that can be built; the default schedule where there is none. */
async function bestOf(group: Group, sources: Sources): Promise<Reused> {
  const { source, row } = group;
  for await (const { rank, target, decisions, record } of proposals(group, sources)) {
    const kernel = buildAs(source, target, decisions);
    if (kernel === undefined) continue;
    if (rank < 3 && record !== undefined && !isAsMeasured(kernel, target, record)) continue;
    if (rank === 3 && spills(kernel, target, source)) continue;
    const origin = record && { record: { sha256: idOf(record), workload: record.workload } };
    return { kernel, answer: { rank, workload: row.hash, ...origin } };
  }
  return { kernel: buildKernel(source.workload, source.context), answer: { rank: 5, workload: row.hash } };
}

/**
 * A record counts for what was measured: where its decisions have come to give another schedule, because rules have
 * changed since, its time says little.
 */
const isAsMeasured = (kernel: Kernel, target: Target, { trace }: TuningRecord): boolean =>
  executedSteps(variantFor(target, kernel).trace) === executedSteps(trace);

/** Whether values go to memory and back for want of registers, more of them than by the default schedule. */
function spills(kernel: Kernel, target: Target, { workload, context }: KernelSource): boolean {
  const alive = vectorsAlive(kernel, target);
  return alive > target.vectorRegisters && alive > vectorsAlive(buildKernel(workload, context), target);
}

function vectorsAlive(kernel: Kernel, target: Target): number {
  const { lowered, shared } = variantFor(target, kernel);
  return analyze(lowered.map(executable(target)), shared, target).vectorsAlive;
}

const variantFor = (target: Target, kernel: Kernel): KernelVariant => (target === wasmSimd ? kernel : kernel.relaxed);

async function* proposals(group: Group, sources: Sources): AsyncGenerator<Proposal> {
  yield* await measured(group, sources);
  yield* nearest(group, sources);
  yield* predicted(group, sources);
}

/** Ranks 1 and 2. */
async function measured({ row }: Group, { store, profile, allows }: Sources): Promise<readonly Proposal[]> {
  const known = orderRecords(await store.recordsOf(row.hash, KEPT), profile);
  return known
    .map((usable) => ({ ...usable, decisions: decisionsIn(usable.record) }))
    .filter(({ decisions }) => allows(decisions))
    .slice(0, TRIES);
}

/** Rank 3: the best record of each of the nearest workloads that have one, the workload itself before others. */
async function* nearest({ row }: Group, { store, profile, allows }: Sources): AsyncGenerator<Proposal> {
  let tries = 0;
  for (const near of nearestShapes(row.shape, await store.workloadsOf(row.family))) {
    const known = orderRecords(await store.recordsOf(near.hash, KEPT), profile);
    const best = known.find(({ record }) => allows(decisionsIn(record)));
    if (best === undefined) continue;
    if (++tries > TRIES) return;
    yield { rank: 3, target: best.target, decisions: decisionsIn(best.record), record: best.record };
  }
}

/** Rank 4: what a cost model takes for the fastest of a sample, where it is clearly faster than the default schedule. */
function* predicted({ source, row }: Group, { profile, costModel, allows }: Sources): Generator<Proposal> {
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

/** The kernel that is scheduled so for a target. None where that is not legal or cannot be lowered, whatever the reason. */
function buildAs({ workload, context }: KernelSource, target: Target, decisions: Decisions): Kernel | undefined {
  try {
    return buildKernel(workload, context, { target, decide: asDecided(decisions) });
  } catch {
    return undefined;
  }
}

const decisionsIn = ({ decisions }: TuningRecord): Decisions => new Map(Object.entries(decisions));
