import { KERNEL_CASES } from '../kernels/cases.ts';
import { type KernelResult, measureKernel } from '../kernels/measure-kernel.ts';
import { kernelReport } from '../kernels/report.ts';
import { arithmeticLimits } from '../limits/arithmetic.ts';
import { memoryBandwidth } from '../limits/memory.ts';
import type { Report } from '../report/results.ts';
import { named } from './named.ts';

/** Single kernels against the limits of the machine and against the same kernels of peers. */
export async function kernels(names: readonly string[]): Promise<Report> {
  const cases = named(KERNEL_CASES, names);
  const limits = await arithmeticLimits();
  const memory = await memoryBandwidth();
  const results: KernelResult[] = [];
  for (const entry of cases) {
    process.stderr.write(`${entry.id} …\n`);
    results.push(await measureKernel(entry, limits));
  }
  return kernelReport(results, limits, memory);
}
