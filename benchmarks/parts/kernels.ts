import { KERNEL_CASES } from '../kernels/cases.ts';
import { type KernelResult, measureKernel } from '../kernels/measure-kernel.ts';
import { hasWinograd, measureWinograd, type WinogradResult } from '../kernels/measure-winograd.ts';
import { kernelReport } from '../kernels/report.ts';
import { arithmeticLimits } from '../limits/arithmetic.ts';
import { memoryLimits } from '../limits/memory.ts';
import type { Report } from '../report/results.ts';
import { named } from './named.ts';

/** Single kernels against the limits of the machine, against peers, and by Winograd's filtering. */
export async function kernels(names: readonly string[]): Promise<Report> {
  const cases = named(KERNEL_CASES, names);
  const limits = await arithmeticLimits();
  const memory = await memoryLimits();
  const results: KernelResult[] = [];
  for (const entry of cases) {
    process.stderr.write(`${entry.id} …\n`);
    results.push(await measureKernel(entry, limits, memory));
  }
  const winograd: WinogradResult[] = [];
  for (const entry of cases.filter(hasWinograd)) {
    process.stderr.write(`${entry.id}, Winograd …\n`);
    winograd.push(await measureWinograd(entry));
  }
  return kernelReport({ results, winograd, limits, memory: memory.speeds });
}
