import { type Answer, ask, type Channel, isLost, type Lost } from '../../ask.ts';
import type { FromWorker, ToWorker } from '../../protocol.ts';

/** What a worker runs: a script beside this one. */
export type WorkerScript = 'worker' | 'webgpu-worker';

const AGAIN_MS = 1000;

/** A worker that is loaded: as the network may fail, that is tried until the signal aborts, and then there is none. */
export async function openWorker(script: WorkerScript, signal: AbortSignal): Promise<WebWorker | undefined> {
  const file = `./${script}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
  while (!signal.aborted) {
    const worker = new Worker(new URL(file, import.meta.url), { type: 'module' });
    const isLoaded = await new Promise((resolve) => {
      worker.addEventListener('message', () => resolve(true), { once: true });
      worker.addEventListener('error', () => resolve(false), { once: true });
      signal.addEventListener('abort', () => resolve(false), { once: true });
    });
    if (isLoaded) return new WebWorker(worker);
    worker.terminate();
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  return undefined;
}

/** A worker of this page that measures. It is ended where it gives no answer. */
export class WebWorker {
  readonly #worker: Worker;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  async ask(message: ToWorker, patience: number, signal: AbortSignal): Promise<Answer | Lost> {
    const answer = await ask(this.#channel(), message, patience, signal);
    if (isLost(answer)) this.end();
    return answer;
  }

  #channel(): Channel {
    const worker = this.#worker;
    return {
      send: (message) => worker.postMessage(message),
      listen: (onMessage, onEnd) => {
        const onData = ({ data }: MessageEvent<FromWorker>): void => onMessage(data);
        const onError = (event: Event): void =>
          onEnd(`the worker failed: ${event instanceof ErrorEvent ? event.message : event.type}`);
        worker.addEventListener('message', onData);
        worker.addEventListener('error', onError);
        worker.addEventListener('messageerror', onError);
        return () => {
          worker.removeEventListener('message', onData);
          worker.removeEventListener('error', onError);
          worker.removeEventListener('messageerror', onError);
        };
      },
    };
  }

  end(): void {
    this.#worker.terminate();
  }
}
