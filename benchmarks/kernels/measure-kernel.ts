import { importOnnx } from '../../compiler/index.ts';
import { checkSession } from '../check.ts';
import { type Cost, costOf } from '../cost.ts';
import type { Output, Session } from '../engines/engine.ts';
import { onnxruntimeNode } from '../engines/onnxruntime-node.ts';
import { onnxruntimeWeb } from '../engines/onnxruntime-web.ts';
import { openTfjs } from '../engines/tfjs.ts';
import { compileWorkload, openArtifact } from '../engines/tilewright.ts';
import { openKernels } from '../engines/tilewright-kernels.ts';
import type { Limits } from '../limits/arithmetic.ts';
import { measureInTurns, type Timing } from '../measure.ts';
import { referenceOutputs } from '../models/random-models.ts';
import type { KernelCase } from './cases.ts';
import { isConv, kernelModel, toNhwc } from './kernel-model.ts';
import { operandsOf } from './operands.ts';

/** What is timed of a kernel, the lines of the limit included. */
export const LINES = {
  kernelRelaxed: 'kernel, relaxed_madd',
  kernelMulAdd: 'kernel, mul + add',
  tilewright: 'tilewright',
  onnxruntimeWeb: 'onnxruntime-web',
  tfjs: 'tfjs-wasm',
  onnxruntimeNode: 'onnxruntime-node',
  limitRelaxed: 'limit, relaxed_madd',
  limitMulAdd: 'limit, mul + add',
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
export async function measureKernel({ id, kernel }: KernelCase, limits: Limits): Promise<KernelResult> {
  const operands = operandsOf(kernel);
  const nchw = kernelModel(kernel, operands, 'nchw');
  const nhwc = kernelModel(kernel, operands, 'nhwc');
  const files = await compileWorkload(nhwc);
  const reference = await referenceOutputs(nchw);
  const expected = { nchw: reference, nhwc: isConv(kernel) ? reference.map(channelsLast) : reference };

  const opened: Record<Line, Session | string> = {
    kernelRelaxed: await open(() => openKernels(files, nhwc.inputs, true), expected.nhwc),
    kernelMulAdd: await open(() => openKernels(files, nhwc.inputs, false), expected.nhwc),
    tilewright: await open(() => openArtifact(files, nhwc.inputs), expected.nhwc),
    onnxruntimeWeb: await open(() => onnxruntimeWeb.open(nchw), expected.nchw),
    tfjs: await open(() => openTfjs(kernel, operands), expected.nhwc),
    onnxruntimeNode: await open(() => onnxruntimeNode.open(nchw), expected.nchw),
    limitRelaxed: limits.relaxedMadd.session,
    limitMulAdd: limits.mulAdd.session,
  };
  const sessions = Object.values(opened).filter((entry) => typeof entry !== 'string');
  const timings = await measureInTurns(sessions);
  const timeOf = new Map(sessions.map((session, index) => [session, timings[index] as Timing]));
  for (const session of sessions) await session.dispose();
  const measured = (entry: Session | string): Measured =>
    typeof entry === 'string' ? { problem: entry } : (timeOf.get(entry) as Timing);
  const lines = Object.fromEntries(Object.entries(opened).map(([line, entry]) => [line, measured(entry)])) as Record<
    Line,
    Measured
  >;
  return { id, kind: kernel.kind, cost: costOf(importOnnx(nchw.model)), lines };
}

const channelsLast = ({ shape, data }: Output): Output => toNhwc({ dtype: 'f32', shape, data });

/** A session whose answer is right, or what is wrong with it. */
async function open(start: () => Promise<Session>, expected: readonly Output[]): Promise<Session | string> {
  try {
    const session = await start();
    await checkSession(session, expected);
    return session;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
