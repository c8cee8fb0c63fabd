import { checkSession } from '../check.ts';
import type { Output, Session, Workload } from '../engines/engine.ts';
import { referenceOutputs } from '../models/random-models.ts';
import type { Kernel } from './cases.ts';
import { isConv, kernelModel, type Layout, toNhwc } from './kernel-model.ts';
import type { Operands } from './operands.ts';

/** A kernel in a layout: what an engine is given, and the outputs of native onnxruntime to compare with. */
export interface KernelTask extends Workload {
  readonly expected: readonly Output[];
}

export async function kernelTasks(kernel: Kernel, operands: Operands): Promise<Readonly<Record<Layout, KernelTask>>> {
  const nchw = kernelModel(kernel, operands, 'nchw');
  const expected = await referenceOutputs(nchw);
  return {
    nchw: { ...nchw, expected },
    nhwc: {
      ...kernelModel(kernel, operands, 'nhwc'),
      expected: isConv(kernel) ? expected.map(channelsLast) : expected,
    },
  };
}

const channelsLast = ({ shape, data }: Output): Output => toNhwc({ dtype: 'f32', shape, data });

/** A session whose answer is right, or what is wrong with it. */
export async function openChecked(
  start: () => Promise<Session>,
  expected: readonly Output[],
): Promise<Session | string> {
  try {
    const session = await start();
    await checkSession(session, expected);
    return session;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
