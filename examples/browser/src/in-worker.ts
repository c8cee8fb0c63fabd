import type { Device } from './devices.ts';
import type { OnProgress, Session } from './session.ts';
import type { Answer, Request } from './worker.ts';

/** The same as `openSession`, in a worker of its own. */
export async function openInWorker(device: Device, onProgress: OnProgress): Promise<Session> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  let waiting = Promise.withResolvers<Answer>();
  worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
    if (data.kind === 'progress') onProgress(data.progress);
    else if (data.kind === 'failed') waiting.reject(new Error(data.message));
    else waiting.resolve(data);
  });
  const fail = (message: string): void => waiting.reject(new Error(message));
  worker.addEventListener('error', ({ message }) => fail(message || 'the worker cannot be loaded'));

  const ask = async <K extends Answer['kind']>(request: Request, kind: K): Promise<Extract<Answer, { kind: K }>> => {
    waiting = Promise.withResolvers();
    worker.postMessage(request);
    const answer = await waiting.promise;
    if (answer.kind !== kind) throw new Error(`the worker answered ${answer.kind}`);
    return answer as Extract<Answer, { kind: K }>;
  };

  const close = (): void => {
    worker.terminate();
    fail('the session was closed');
  };
  try {
    const { loadMs, facts } = await ask(device, 'opened');
    return { loadMs, facts, run: (planes) => ask(planes, 'read'), close };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
