import type { Graph } from '../../ir/graph/graph.ts';
import type { TuningRecord, WorkloadRow } from '../../schedules/database/record.ts';
import type { TuningStore } from '../../schedules/database/store.ts';
import { decisionsOf } from '../../schedules/decision.ts';
import type { ParallelAxis } from '../../schedules/space/context.ts';
import { webgpu } from '../../schedules/target/target.ts';
import { type KernelCall, kernelSources } from '../kernels.ts';
import { type DeviceProfile, nodeProfile } from '../tune/device.ts';
import { workloadRow } from '../tune/workload-key.ts';
import type { Reused } from './choose-schedule.ts';
import { executedSteps } from './executed-steps.ts';
import { nearestShapes } from './nearest-shapes.ts';
import { type ReuseOptions, reuseKernels } from './reuse.ts';

/** The kernels of a graph, scheduled by what a tuning database knows for one kind of device. */
export interface ScheduledVariant {
  readonly profile: DeviceProfile;
  readonly calls: readonly KernelCall[];
  readonly reused: readonly Reused[];
}

/**
 * The kernels of a fused graph for several kinds of devices, at most `variants` ways that differ: first for the profile
 * that is asked for, then for those kinds of which the database knows most. A kind is a class of devices and an engine,
 * in the version that was measured last. Throws a CompilerError where the database cannot be read.
 */
export async function reuseVariants(
  graph: Graph,
  options: ReuseOptions,
  parallel?: ParallelAxis,
  growth?: number,
): Promise<readonly ScheduledVariant[]> {
  const { store, variants = 1, profile = nodeProfile() } = options;
  const found = new Map<string, ScheduledVariant>();
  const others = variants > 1 ? await kindsIn(store, graph, parallel, growth) : [];
  for (const kind of [profile, ...others.filter((other) => keyOf(other) !== keyOf(profile))]) {
    if (found.size >= variants) break;
    const { calls, reused } = await reuseKernels(graph, { ...options, profile: kind }, parallel, growth);
    const key = JSON.stringify(calls.map(scheduleOf));
    if (!found.has(key)) found.set(key, { profile: kind, calls, reused });
  }
  return [...found.values()];
}

type Kind = Pick<DeviceProfile, 'device' | 'engine'>;

const keyOf = ({ device, engine }: Kind): string => JSON.stringify([device.class, engine.name]);

/** Calls of one workload run the same code where these are equal. */
const scheduleOf = ({ kernel }: KernelCall): readonly unknown[] =>
  [kernel.trace, kernel.relaxed.trace].map((trace) => [decisionsOf(trace).get('definition'), executedSteps(trace)]);

/**
 * The kinds of devices of which there are records of a graph's kernels, or else of a near shape: from those of which
 * there are records for most kernels.
 */
async function kindsIn(
  store: TuningStore,
  graph: Graph,
  parallel?: ParallelAxis,
  growth?: number,
): Promise<readonly DeviceProfile[]> {
  const rows = kernelSources(graph, parallel, growth).map(workloadRow);
  const kinds = new Map<string, { readonly last: TuningRecord; readonly kernels: number }>();
  for (const row of new Map(rows.map((row) => [row.hash, row])).values())
    for (const [key, measured] of Map.groupBy(await nearestRecords(store, row), keyOf)) {
      const known = kinds.get(key);
      const last = measured.reduce(
        (a, b) => (b.created > a.created ? b : a),
        known?.last ?? (measured[0] as TuningRecord),
      );
      kinds.set(key, { last, kernels: (known?.kernels ?? 0) + 1 });
    }
  return [...kinds]
    .sort(([a, { kernels: x }], [b, { kernels: y }]) => y - x || (a < b ? -1 : 1))
    .map(
      ([
        ,
        {
          last: { device, engine, features },
        },
      ]) => ({ device, engine, features }),
    );
}

/** The best records of a workload on processors, or else of the nearest one that has any. */
async function nearestRecords(
  store: TuningStore,
  { hash, family, shape }: WorkloadRow,
): Promise<readonly TuningRecord[]> {
  const bestOf = async (workload: string): Promise<readonly TuningRecord[]> =>
    (await store.recordsOf(workload, 1)).filter(({ target }) => target !== webgpu.name);
  const own = await bestOf(hash);
  if (own.length > 0) return own;
  for (const near of nearestShapes(shape, await store.workloadsOf(family))) {
    const records = await bestOf(near.hash);
    if (records.length > 0) return records;
  }
  return [];
}
