import type { ArtifactSource } from '../../runtime/api.ts';
import { newControl, requestRun, runStep } from '../../runtime/control.ts';
import { ThreadError } from '../../runtime/errors.ts';
import { startThread, type Thread } from '../../runtime/host.ts';
import { placeVariant, readManifest } from '../../runtime/load.ts';
import type { Manifest } from '../../runtime/manifest.ts';
import { type BoundStep, bindPlan } from '../../runtime/program.ts';
import { openSource } from '../../runtime/source.ts';
import type { FromThread, StartMessage } from '../../runtime/threads.ts';

/** An artifact on this thread and others that help it, in a memory of its own, whose steps can be run one by one. */
export interface WasmSteps {
  readonly manifest: Manifest;
  readonly memory: WebAssembly.Memory;
  /** Whether the kernels are those for engines with relaxed SIMD. */
  readonly isRelaxed: boolean;
  readonly threads: number;
  /** Why there is one thread where several were asked for. */
  readonly oneThreadBecause?: string;
  /** In the order of the plan; to be called with `(0, 1)` for this thread alone. */
  readonly steps: readonly BoundStep[];
  /** A run begins: those who help are woken up. */
  readonly begin: () => void;
  /** Runs a step of the plan on all threads that a run of the model would share it with. Throws what that throws. */
  readonly run: (index: number) => void;
  readonly close: () => void;
}

/** Takes the kernels that `load` would take. Throws what it throws. */
export async function openWasmSteps(
  source: ArtifactSource,
  options: { readonly relaxedSimd?: boolean; readonly threads?: number },
): Promise<WasmSteps> {
  const read = openSource(source);
  const manifest = await readManifest(read);
  const { module, memory, features, threads, oneThreadBecause } = await placeVariant(read, manifest, options);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const steps = bindPlan(manifest, exports);
  const control = newControl(threads);
  const helpers = await startHelpers(threads - 1, (thread) => ({ thread, manifest, module, memory, control }));
  return {
    manifest,
    memory,
    isRelaxed: features.includes('relaxed-simd'),
    threads,
    ...(oneThreadBecause !== undefined && { oneThreadBecause }),
    steps,
    begin: () => requestRun(control),
    run: (index) => runStep(steps, index, control),
    close: () => end(helpers),
  };
}

/** Threads 1, 2, … of a model, of which this one is the first. Rejects with ThreadError where one does not start. */
async function startHelpers(count: number, messageTo: (thread: number) => StartMessage): Promise<readonly Thread[]> {
  const helpers: Thread[] = [];
  const start = (thread: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const fail = (reason: string): void => reject(new ThreadError(`a thread does not start: ${reason}`));
      const helper = startThread({
        onMessage: (message) => {
          const answer = message as FromThread;
          if (answer.kind === 'failed') fail(answer.message);
          else resolve();
        },
        onEnd: fail,
      });
      helpers.push(helper);
      helper.send(messageTo(thread));
    });
  try {
    await Promise.all(Array.from({ length: count }, (_, i) => start(i + 1)));
    return helpers;
  } catch (error) {
    end(helpers);
    throw error;
  }
}

function end(threads: readonly Thread[]): void {
  for (const thread of threads) thread.end();
}
