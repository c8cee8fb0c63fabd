import type { CacheMode } from '../../../schedules/database/record.ts';
import type { DeviceProfile } from '../device.ts';
import type { Measurer } from './measurer.ts';
import { remoteMeasurer } from './remote-measurer.ts';
import { WorkerProcess } from './worker-process.ts';

export interface WorkerOptions {
  readonly cache?: CacheMode;
  /** Milliseconds without a sign of life after which a candidate is given up, beyond what slow ones may take. */
  readonly patience?: number;
}

/** Measures in a process of its own. */
export const workerMeasurer = (profile: DeviceProfile, options: WorkerOptions = {}): Measurer =>
  remoteMeasurer(profile, {
    cache: 'warm',
    patience: 2000,
    ...options,
    tiersUp: false,
    open: () => new WorkerProcess(),
  });
