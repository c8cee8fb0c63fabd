import { compile, importOnnx } from '../../compiler/index.ts';
import { decisionsOf } from '../../schedules/decision.ts';
import { type Cost, costOf } from '../cost.ts';
import type { Output, Session } from '../engines/engine.ts';
import { openKernels } from '../engines/tilewright-kernels.ts';
import type { KernelCase } from './cases.ts';
import { type KernelTask, kernelTasks, openChecked } from './check-kernel.ts';
import { type Measured, measureLines } from './measure-kernel.ts';
import { operandsOf } from './operands.ts';

/** A convolution by two of its definitions. */
export interface WinogradResult {
  readonly id: string;
  readonly cost: Cost;
  /** What is chosen where weights may not grow. */
  readonly plain: DefinitionResult;
  /** What is chosen where they may. */
  readonly fastest: DefinitionResult;
}

export interface DefinitionResult {
  /** `winograd-4x4`, for example. */
  readonly definition: string;
  readonly relaxed: Measured;
  readonly mulAdd: Measured;
  /** With relaxed SIMD: the largest difference from the reference, as a part of the root mean square of the results. */
  readonly error: number;
}

/** Those that Winograd's filtering computes. */
export const hasWinograd = ({ kernel }: KernelCase): boolean =>
  kernel.kind === 'conv' && kernel.window === 3 && kernel.stride === 1;

/** Checks both definitions, then times their kernels in turns; what is prepared of weights stays outside. */
export async function measureWinograd({ id, kernel }: KernelCase): Promise<WinogradResult> {
  const { nchw, nhwc } = await kernelTasks(kernel, operandsOf(kernel));
  const plain = await openDefinition(nhwc, 0);
  const fastest = await openDefinition(nhwc, Number.POSITIVE_INFINITY);
  const lines = await measureLines({
    plainRelaxed: plain.relaxed,
    fastestRelaxed: fastest.relaxed,
    plainMulAdd: plain.mulAdd,
    fastestMulAdd: fastest.mulAdd,
  });
  return {
    id,
    cost: costOf(importOnnx(nchw.model)),
    plain: { ...plain, relaxed: lines.plainRelaxed, mulAdd: lines.plainMulAdd },
    fastest: { ...fastest, relaxed: lines.fastestRelaxed, mulAdd: lines.fastestMulAdd },
  };
}

async function openDefinition({ model, inputs, expected }: KernelTask, growth: number) {
  const { files, calls } = await compile(importOnnx(model), { growth });
  const definitions = calls.map(({ kernel }) => decisionsOf(kernel.trace).get('definition'));
  const relaxed = await openChecked(() => openKernels(files, inputs, true), expected);
  return {
    definition: String(definitions.find((name) => name !== undefined)),
    relaxed,
    mulAdd: await openChecked(() => openKernels(files, inputs, false), expected),
    error: typeof relaxed === 'string' ? Number.NaN : await errorOf(relaxed, expected),
  };
}

async function errorOf(session: Session, expected: readonly Output[]): Promise<number> {
  session.prepare?.();
  const actual = await session.run();
  const [a, b] = [actual, expected].map(([output]) => Array.from(output?.data ?? [], Number)) as [number[], number[]];
  const meanSquare = b.reduce((sum, value) => sum + value * value, 0) / b.length;
  return (
    b.reduce((most, value, i) => Math.max(most, Math.abs(value - (a[i] ?? Number.NaN))), 0) / Math.sqrt(meanSquare)
  );
}
