import { CompilerError } from '../../ir/errors.ts';
import type { TargetName } from '../pipeline.ts';
import { nodeProfile } from '../tune/device.ts';
import { browserMeasurer } from '../tune/measure/browser/browser-measurer.ts';
import { type BrowserServer, serveSession } from '../tune/measure/browser/server.ts';
import { BrowserSession } from '../tune/measure/browser/session.ts';
import type { Measurer } from '../tune/measure/measurer.ts';
import { workerMeasurer } from '../tune/measure/workers.ts';
import { nodeAdapterProfile } from './node-adapter-profile.ts';

/** Where kernels are measured: on this machine in Node, or in a page that some browser opens. */
export const devices = ['node', 'browser'] as const;
export type Device = (typeof devices)[number];

export interface MeasurerOptions {
  readonly device: Device;
  readonly target: TargetName;
  /** At which the page is served. */
  readonly host: string;
}

/** So many milliseconds a page may take to come, and to come back. */
const PATIENCE = 300_000;

/** A GPU's driver compiles for as long, and more slowly than it runs. */
const PATIENCE_WITH_GPU = 10_000;

// Sources run as they are from a checkout, built files from the package.
const onGpu = new URL(`./measure-on-webgpu.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/**
 * Of a browser: says where the page is, and waits for it. Throws a CompilerError where none comes, or where there is no GPU
 * and one is asked for.
 */
export async function openMeasurer(
  { device, target, host }: MeasurerOptions,
  model: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Measurer> {
  const isForGpu = target === 'webgpu';
  if (device === 'node')
    return isForGpu
      ? workerMeasurer(await nodeAdapterProfile(), { file: onGpu, patience: PATIENCE_WITH_GPU })
      : workerMeasurer(nodeProfile());
  const session = new BrowserSession({ patience: PATIENCE, say });
  let server: BrowserServer | undefined;
  const close = async (): Promise<void> => {
    await session.finish();
    await server?.close();
  };
  try {
    server = await serveSession(session, host, model, target);
    say(`open this page on the device to measure on:\n${server.addresses.map((address) => `  ${address}`).join('\n')}`);
    const profile = await session.opened(signal);
    say(`measuring on ${profile.device.fingerprint}, ${profile.engine.name} ${profile.engine.version}`);
    const measurer = browserMeasurer(session, profile, isForGpu ? { patience: PATIENCE_WITH_GPU } : {});
    return { ...measurer, close: () => measurer.close().then(close) };
  } catch (error) {
    await close();
    if (signal.aborted) throw new CompilerError('interrupted before a page was opened', { cause: error });
    throw error;
  }
}
