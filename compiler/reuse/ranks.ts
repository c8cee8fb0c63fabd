import type { ScheduleOrigin } from '../../runtime/manifest.ts';

export type Rank = ScheduleOrigin['rank'];

/** Where the schedule of a kernel comes from, the best first. */
export const ranks: Readonly<Record<Rank, string>> = {
  1: 'same workload, kind of device and engine',
  2: 'same workload, another kind of device or engine',
  3: 'nearest shape of the same family',
  4: 'best of the cost model',
  5: 'default schedule',
};

/** Why a kernel has the schedule that it has. */
export type Answer = Omit<ScheduleOrigin, 'kernel'>;
