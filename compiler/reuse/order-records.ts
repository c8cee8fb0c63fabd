import { type CacheMode, groupOf, type TuningRecord } from '../../schedules/database/record.ts';
import { type Target, wasmRelaxedSimd, wasmSimd } from '../../schedules/target/target.ts';
import { type DeviceProfile, targetOf } from '../tune/device.ts';
import { executedSteps } from './executed-steps.ts';
import type { Rank } from './ranks.ts';

/** A record that says how to schedule for a target of ours. */
export interface Usable {
  readonly rank: Extract<Rank, 1 | 2>;
  readonly target: Target;
  readonly record: TuningRecord;
}

/** Those of whose records a device can use any. */
const targetsFor = (profile: DeviceProfile): readonly Target[] => {
  const most = targetOf(profile);
  return most.gpu === undefined ? [wasmRelaxedSimd, wasmSimd] : [most];
};

/**
 * Records of one workload, from the one whose schedule is most likely the best on a device. Times are compared only
 * where they can be; of what cannot be compared that goes first which was measured on the nearest device, for what the
 * engine can do at most, with such caches.
 */
export function orderRecords(
  records: readonly TuningRecord[],
  profile: DeviceProfile,
  cache: CacheMode,
): readonly Usable[] {
  const targets = targetsFor(profile);
  const groups = [...Map.groupBy(records, groupOf)].flatMap(([key, group]) => {
    const [first] = group;
    const target = targets.find(({ name }) => name === first?.target);
    if (first === undefined || target === undefined) return [];
    const order = [
      distanceTo(first, profile),
      target === targetOf(profile) ? 0 : 1,
      first.cache === cache ? 0 : 1,
    ] as const;
    return [{ key, order, target, records: bySchedule(group) }];
  });
  groups.sort((a, b) => compare([...a.order, a.key], [...b.order, b.key]));
  return groups.flatMap(({ order: [distance], target, records: sorted }) =>
    sorted.map((record) => ({ rank: distance === 0 ? 1 : 2, target, record })),
  );
}

/** How far from a device a record was measured: 0 where its times are those of the device. */
function distanceTo({ device, engine }: TuningRecord, profile: DeviceProfile): number {
  const isEngine = engine.name === profile.engine.name;
  if (device.class === profile.device.class) return isEngine ? (engine.version === profile.engine.version ? 0 : 1) : 2;
  return isEngine ? 3 : 4;
}

/**
 * One record for each schedule of a group, the best first. The fastest of many measurements is often the luckiest: of a
 * schedule that was measured again the last time counts; where several were, as at the end of a search, no other one
 * competes; and a time counts with all that its confidence interval adds to it.
 */
function bySchedule(group: readonly TuningRecord[]): readonly TuningRecord[] {
  const schedules = [...Map.groupBy(group, scheduleOf).values()];
  const again = schedules.filter(({ length }) => length > 1);
  const last = (again.length > 1 ? again : schedules).map((measured) =>
    measured.reduce((a, b) => (b.created > a.created ? b : a)),
  );
  return last.sort((a, b) => atMost(a) - atMost(b));
}

const scheduleOf = ({ decisions, trace }: TuningRecord): string =>
  `${decisions['definition'] ?? ''}\n${executedSteps(trace)}`;

const atMost = ({ ms, spread }: TuningRecord): number => ms * (1 + spread);

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  const [x, y] = [a[at], b[at]];
  return x === undefined || y === undefined ? 0 : x < y ? -1 : 1;
}
