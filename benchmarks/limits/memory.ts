import { assemble } from '../../compiler/codegen/wasm/assemble.ts';
import { memoryWat, STRIDE } from '../../compiler/profile/limits/wasm-kernels.ts';
import type { Cost } from '../cost.ts';
import type { Session } from '../engines/engine.ts';
import { quantile } from '../measure.ts';

/** Speeds of memory in GB/s, which count the bytes that are read and those that are written. */
export interface Bandwidth {
  /** What is moved, read and written together. */
  readonly bytes: number;
  readonly read: number;
  /** From one half to the other. */
  readonly copy: number;
  /** In place: half as much memory as a copy takes, and none that is loaded only to be written over. */
  readonly update: number;
}

export interface MemoryLimits {
  readonly speeds: readonly Bandwidth[];
  /**
   * Moves as many bytes as a kernel has to, in the least memory that can hold them: the results are written over what
   * was read, as a kernel may do whose operand is read no more.
   */
  traffic(cost: Cost): Session;
}

const SIZES = [2 ** 15, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26];
const PAGE = 2 ** 16;
const SAMPLES = 15;
const SAMPLE_BYTES = 2 ** 26;

type OverOne = (address: number, count: number) => void;

export async function memoryLimits(): Promise<MemoryLimits> {
  const most = Math.max(...SIZES);
  const exports = await assemble(memoryWat(most / PAGE + 1));
  new Uint8Array(exports.memory.buffer).fill(1);
  const [read, update, fill] = [exports['read'], exports['update'], exports['fill']] as [OverOne, OverOne, OverOne];
  const copy = exports['copy'] as (from: number, to: number, count: number) => void;
  const speeds = SIZES.map((bytes) => ({
    bytes,
    read: speedOf(bytes, () => read(PAGE, bytes / STRIDE)),
    copy: speedOf(bytes, () => copy(PAGE, PAGE + bytes / 2, bytes / 2 / STRIDE)),
    update: speedOf(bytes, () => update(PAGE, bytes / 2 / STRIDE)),
  }));
  const traffic = ({ bytesRead, bytesWritten }: Cost): Session => {
    if (Math.max(bytesRead, bytesWritten) > most) throw new Error(`no kernel may move more than ${most} bytes one way`);
    const updated = Math.floor(Math.min(bytesRead, bytesWritten) / STRIDE);
    const rest = Math.floor(Math.abs(bytesRead - bytesWritten) / STRIDE);
    const moveRest = bytesRead > bytesWritten ? read : fill;
    const run = async () => {
      if (updated > 0) update(PAGE, updated);
      if (rest > 0) moveRest(PAGE + updated * STRIDE, rest);
      return [];
    };
    return { run, dispose: async () => {} };
  };
  return { speeds, traffic };
}

/** The median over samples that each move 64 MiB or more; the first is a warm-up. */
function speedOf(bytes: number, run: () => void): number {
  const runs = Math.max(1, SAMPLE_BYTES / bytes);
  const speeds = Array.from({ length: SAMPLES + 1 }, () => {
    const start = performance.now();
    for (let i = 0; i < runs; i++) run();
    return (runs * bytes) / (performance.now() - start) / 1e6;
  });
  return quantile(speeds.slice(1), 0.5);
}
