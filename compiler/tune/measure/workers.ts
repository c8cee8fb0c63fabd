import type { DeviceProfile } from '../device.ts';
import type { Measurer } from './measurer.ts';
import { remoteMeasurer } from './remote-measurer.ts';
import { WorkerProcess } from './worker-process.ts';

// Sources run as they are from a checkout, built files from the package.
const worker = new URL(`./worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

export interface WorkerOptions {
  /** Milliseconds without a sign of life after which a candidate is given up, beyond what slow ones may take. */
  readonly patience?: number;
  /** What the process runs, which serves its parent: one that runs WebAssembly, if nothing is said. */
  readonly file?: URL;
}

/** Measures in a process of its own. */
export const workerMeasurer = (
  profile: DeviceProfile,
  { patience = 2000, file = worker }: WorkerOptions = {},
): Measurer =>
  remoteMeasurer(profile, {
    patience,
    tiersUp: false,
    open: () => new WorkerProcess(file),
  });
