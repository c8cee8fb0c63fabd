import { type Answer, ask, type Channel, isLost, type Lost } from '../../ask.ts';
import type { FromWorker, ToWorker } from '../../protocol.ts';

/** A worker of this page that measures. It is ended where it gives no answer. */
export class WebWorker {
  readonly #worker: Worker;

  constructor() {
    const file = `./worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
    this.#worker = new Worker(new URL(file, import.meta.url), { type: 'module' });
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
