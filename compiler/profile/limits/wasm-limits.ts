import { Worker } from 'node:worker_threads';
import { assemble } from '../../codegen/wasm/assemble.ts';
import type { CopySpeed, DeviceLimits } from './limits.ts';
import { arithmeticKernels } from './wasm-arithmetic.ts';
import { memoryWat, STRIDE } from './wasm-kernels.ts';

const SIZES = [2 ** 15, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26];
const PAGE = 2 ** 16;
const SAMPLES = 25;
/** At least so long is a sample, in milliseconds. */
const SAMPLE_MS = 1;

/**
 * What so many threads of WebAssembly reach together, with a product and a sum as one instruction or as two: each measures
 * while the others do, and bytes and rates are those of all.
 */
export async function wasmLimits(relaxedSimd: boolean, threads = 1): Promise<DeviceLimits> {
  const task: ThreadTask = { relaxedSimd, threads, arrived: new Int32Array(new SharedArrayBuffer(4)) };
  const others = Array.from({ length: threads - 1 }, () => inThread(task));
  const all = await Promise.all([limitsOfThread(task), ...others]);
  const sum = (of: (limits: DeviceLimits) => number): number => all.reduce((total, limits) => total + of(limits), 0);
  return {
    gflops: sum(({ gflops }) => gflops),
    copies: SIZES.map((size, i) => ({ bytes: threads * size, gbps: sum(({ copies }) => copies[i]?.gbps ?? 0) })),
  };
}

/** What a thread measures, and with how many others. */
export interface ThreadTask {
  readonly relaxedSimd: boolean;
  readonly threads: number;
  /** One word: how many of the threads are ready. */
  readonly arrived: Int32Array<SharedArrayBuffer>;
}

/** What this thread reaches while the others measure as well. */
export async function limitsOfThread({ relaxedSimd, threads, arrived }: ThreadTask): Promise<DeviceLimits> {
  const { mulAdd, relaxedMadd } = await arithmeticKernels();
  const { run, flops } = relaxedSimd ? relaxedMadd : mulAdd;
  const memory = await assemble(memoryWat(Math.max(...SIZES) / PAGE + 1));
  Atomics.add(arrived, 0, 1);
  Atomics.notify(arrived, 0);
  for (let seen = Atomics.load(arrived, 0); seen < threads; seen = Atomics.load(arrived, 0))
    await Atomics.waitAsync(arrived, 0, seen).value;
  return { gflops: flops / fastest(run) / 1e6, copies: copySpeeds(memory) };
}

// Sources run as they are from a checkout, built files from the package.
const threadFile = new URL(`./limits-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

const inThread = (workerData: ThreadTask): Promise<DeviceLimits> =>
  new Promise((resolve, reject) => {
    new Worker(threadFile, { workerData }).on('message', resolve).on('error', reject);
  });

function copySpeeds(exports: Awaited<ReturnType<typeof assemble>>): readonly CopySpeed[] {
  // Pages that nothing was written to are all the same one.
  new Uint8Array(exports.memory.buffer).fill(1);
  const copy = exports['copy'] as (from: number, to: number, count: number) => void;
  return SIZES.map((bytes) => {
    const half = bytes / 2;
    return { bytes, gbps: bytes / fastest(() => copy(PAGE, PAGE + half, half / STRIDE)) / 1e6 };
  });
}

/** Milliseconds of a run in the fastest of some samples, whatever else the machine did in the others. */
function fastest(run: () => void): number {
  const sample = (runs: number): number => {
    const start = performance.now();
    for (let i = 0; i < runs; i++) run();
    return (performance.now() - start) / runs;
  };
  sample(1);
  const runs = Math.ceil(SAMPLE_MS / sample(1));
  return Math.min(...Array.from({ length: SAMPLES }, () => sample(runs)));
}
