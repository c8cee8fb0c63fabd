import { Worker } from 'node:worker_threads';
import { measureBatch } from './measure-batch.ts';
import { type OpenTask, openTask } from './open-task.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

// A process that measures what its parent sends.

/** By their ids. */
const tasks = new Map<string, OpenTask>();

/** Resolves when the message has left the process, so that the parent gets it even if what follows never ends. */
const send = (message: FromWorker): Promise<void> => new Promise((resolve) => process.send?.(message, () => resolve()));

/** A sign of life in between, which costs more than a turn of a short kernel. */
const EVERY_MS = 100;
let last = 0;

async function onTurn(): Promise<void> {
  if (performance.now() - last < EVERY_MS) return;
  last = performance.now();
  await send({ kind: 'progress', progress: 'turns' });
}

async function answer(message: ToWorker): Promise<FromWorker> {
  if (message.kind === 'task') {
    for (const id of message.close) tasks.delete(id);
    const open = await openTask(message.task);
    tasks.set(message.task.id, open);
    const start = performance.now();
    open.anchor.run();
    return { kind: 'opened', anchorMs: performance.now() - start };
  }
  const open = tasks.get(message.task);
  if (open === undefined) throw new Error('a batch came before its task');
  const result = await measureBatch(open, message.batch, message.timing, {
    onCheck: (candidate) => send({ kind: 'progress', progress: candidate }),
    onTurn,
  });
  return { kind: 'measured', result };
}

process.on('message', (message: ToWorker) => {
  answer(message)
    .catch((error: unknown): FromWorker => ({ kind: 'failed', message: String(error) }))
    .then(send, () => process.exit(1));
});
process.on('disconnect', () => process.exit());
// An interrupt at the terminal is the parent's to answer.
process.on('SIGINT', () => undefined);

// A candidate that never ends does not see its parent go: another thread does.
new Worker(new URL(import.meta.url.replace(/worker(\.[jt]s)$/, 'end-with-parent$1'))).unref();
