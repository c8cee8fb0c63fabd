import { coordinate, help } from './control.ts';
import { parentThread } from './host.ts';
import { bindPlan } from './program.ts';
import type { FromThread, StartMessage, ToThread } from './threads.ts';

// One of a model's threads: the first walks the plan whenever it is told to, the others help it.

const parent = parentThread();
const answer = (message: FromThread): void => parent.send(message);
const fail = (error: unknown): void =>
  answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });

let run: () => void = () => undefined;

async function start({ thread, manifest, module, memory, control }: StartMessage): Promise<void> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const steps = bindPlan(manifest, exports, thread);
  answer({ kind: 'ready' });
  if (thread > 0) help(steps, control, fail);
  run = () => {
    coordinate(steps, control);
    answer({ kind: 'done' });
  };
}

parent.receive((message) => {
  const told = message as ToThread;
  if (told.kind === 'start') {
    void start(told).catch(fail);
    return;
  }
  try {
    run();
  } catch (error) {
    fail(error);
  }
});
