import { importOnnx } from '../../compiler/index.ts';
import { type Cost, costOf } from '../cost.ts';
import type { Session } from '../engines/engine.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { onnxruntimeWeb } from '../engines/onnxruntime-web.ts';
import { openTfjs } from '../engines/tfjs.ts';
import { compileWorkload, openArtifact } from '../engines/tilewright.ts';
import { openKernels } from '../engines/tilewright-kernels.ts';
import type { Limits } from '../limits/arithmetic.ts';
import type { MemoryLimits } from '../limits/memory.ts';
import { measureInTurns, type Timing } from '../measure.ts';
import type { KernelCase } from './cases.ts';
import { kernelTasks, openChecked } from './check-kernel.ts';
import { operandsOf } from './operands.ts';

/** What is timed of a kernel, the lines of the limits included. */
export const LINES = {
  kernelRelaxed: 'kernel, relaxed_madd',
  kernelMulAdd: 'kernel, mul + add',
  tilewright: 'tilewright',
  onnxruntimeWeb: 'onnxruntime-web',
  tfjs: 'tfjs-wasm',
  onnxruntimeNode: 'onnxruntime-node',
  limitRelaxed: 'limit, relaxed_madd',
  limitMulAdd: 'limit, mul + add',
  limitMemory: 'limit, memory',
} as const;

export type Line = keyof typeof LINES;

/** A line that could not be run, or whose answer was wrong, has a problem and no time. */
export type Measured = Timing | { readonly problem: string };

/** Milliseconds; NaN where there is no time. */
export const medianOf = (line: Measured): number => ('problem' in line ? Number.NaN : line.medianMs);

export interface KernelResult {
  readonly id: string;
  readonly kind: KernelCase['kernel']['kind'];
  readonly cost: Cost;
  readonly lines: Readonly<Record<Line, Measured>>;
}

/** Checks every engine's answer against that of native onnxruntime, then times those that are right in turns. */
export async function measureKernel(
  { id, kernel }: KernelCase,
  limits: Limits,
  memory: MemoryLimits,
): Promise<KernelResult> {
  const operands = operandsOf(kernel);
  const { nchw, nhwc } = await kernelTasks(kernel, operands);
  const cost = costOf(importOnnx(nchw.model));
  const files = await compileWorkload(nhwc);
  const lines = await measureLines({
    kernelRelaxed: await openChecked(() => openKernels(files, nhwc.inputs, true), nhwc.expected),
    kernelMulAdd: await openChecked(() => openKernels(files, nhwc.inputs, false), nhwc.expected),
    tilewright: await openChecked(() => openArtifact(files, nhwc.inputs), nhwc.expected),
    onnxruntimeWeb: await openChecked(() => onnxruntimeWeb.open(nchw), nchw.expected),
    tfjs: await openChecked(() => openTfjs(kernel, operands), nhwc.expected),
    onnxruntimeNode: await openChecked(() => onnxruntimeNode.open(nchw), nchw.expected),
    limitRelaxed: limits.relaxedMadd.session,
    limitMulAdd: limits.mulAdd.session,
    limitMemory: memory.traffic(cost),
  });
  return { id, kind: kernel.kind, cost, lines };
}

/** Times in turns those that were opened, and disposes of them. */
export async function measureLines<T extends string>(
  opened: Readonly<Record<T, Session | string>>,
): Promise<Readonly<Record<T, Measured>>> {
  const entries: readonly (readonly [string, Session | string])[] = Object.entries(opened);
  const sessions = entries.flatMap(([, entry]) => (typeof entry === 'string' ? [] : [entry]));
  const timings = await measureInTurns(sessions);
  for (const session of sessions) await session.dispose();
  const measured = (entry: Session | string): Measured =>
    typeof entry === 'string' ? { problem: entry } : (timings[sessions.indexOf(entry)] as Timing);
  return Object.fromEntries(entries.map(([line, entry]) => [line, measured(entry)])) as Record<T, Measured>;
}
