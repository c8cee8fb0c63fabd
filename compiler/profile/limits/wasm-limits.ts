import { assemble } from '../../codegen/wasm/assemble.ts';
import type { CopySpeed, DeviceLimits } from './limits.ts';
import { arithmeticKernels } from './wasm-arithmetic.ts';
import { memoryWat, STRIDE } from './wasm-kernels.ts';

const SIZES = [2 ** 15, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26];
const PAGE = 2 ** 16;
const SAMPLES = 25;
/** At least so long is a sample, in milliseconds. */
const SAMPLE_MS = 1;

/** What one thread of WebAssembly reaches, with a product and a sum as one instruction or as two. */
export async function wasmLimits(relaxedSimd: boolean): Promise<DeviceLimits> {
  const { mulAdd, relaxedMadd } = await arithmeticKernels();
  const { run, flops } = relaxedSimd ? relaxedMadd : mulAdd;
  return { gflops: flops / fastest(run) / 1e6, copies: await copySpeeds() };
}

async function copySpeeds(): Promise<readonly CopySpeed[]> {
  const exports = await assemble(memoryWat(Math.max(...SIZES) / PAGE + 1));
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
