import { help, lead } from './control.ts';
import { parentThread } from './host.ts';
import { bindPlan } from './program.ts';
import type { FromThread, StartMessage } from './threads.ts';

// One of a model's threads: the first runs the plan whenever it is asked to, the others help it.

const parent = parentThread();
const answer = (message: FromThread): void => parent.send(message);
const fail = (error: unknown): void =>
  answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });

async function start({ thread, manifest, module, memory, control }: StartMessage): Promise<void> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const steps = bindPlan(manifest, exports, thread);
  answer({ kind: 'ready' });
  if (thread > 0) help(steps, control, thread, fail);
  lead(steps, control, (error) => (error === undefined ? answer({ kind: 'done' }) : fail(error)));
}

parent.receive((message) => void start(message as StartMessage).catch(fail));
