import type { Device } from './devices.ts';
import { openSession, type Reading, type Session } from './session.ts';

/** The first message names the device; each that follows is a picture. */
export type Request = Device | Float32Array;

export type Answer =
  | { readonly kind: 'progress'; readonly progress: string }
  | ({ readonly kind: 'opened' } & Pick<Session, 'loadMs' | 'facts'>)
  | ({ readonly kind: 'read' } & Reading)
  | { readonly kind: 'failed'; readonly message: string };

let session: Session | undefined;

const say = (answer: Answer): void => postMessage(answer);

async function answer(request: Request): Promise<Answer> {
  if (typeof request === 'string') {
    session = await openSession(request, (progress) => say({ kind: 'progress', progress }));
    return { kind: 'opened', loadMs: session.loadMs, facts: session.facts };
  }
  if (session === undefined) throw new Error('the model is not loaded');
  return { kind: 'read', ...(await session.run(request)) };
}

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  answer(data).then(say, (error: Error) => say({ kind: 'failed', message: error.message }));
});
