import { quantile } from '../measure.ts';
import { assemble } from './assemble.ts';
import { memoryWat, STRIDE } from './wat.ts';

/** Speeds of memory in GB/s; a copy counts the bytes that it reads and those that it writes. */
export interface Bandwidth {
  /** Of the memory that is read, or of source and target together. */
  readonly bytes: number;
  readonly read: number;
  readonly copy: number;
}

const SIZES = [2 ** 15, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26];
const PAGE = 2 ** 16;
const SAMPLES = 15;
const SAMPLE_BYTES = 2 ** 26;

export async function memoryBandwidth(): Promise<readonly Bandwidth[]> {
  const most = Math.max(...SIZES);
  const exports = await assemble(memoryWat(most / PAGE + 1));
  new Uint8Array(exports.memory.buffer).fill(1);
  const read = exports['read'] as (from: number, count: number) => void;
  const copy = exports['copy'] as (from: number, to: number, count: number) => void;
  return SIZES.map((bytes) => ({
    bytes,
    read: speedOf(bytes, () => read(PAGE, bytes / STRIDE)),
    copy: speedOf(bytes, () => copy(PAGE, PAGE + bytes / 2, bytes / 2 / STRIDE)),
  }));
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
