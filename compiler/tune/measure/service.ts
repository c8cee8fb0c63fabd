import type { Bench, Instance } from './bench.ts';
import { measureBatch } from './measure-batch.ts';
import { type OpenTask, openTask } from './open-task.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** A sign of life in between, which costs more than a turn of a short kernel. */
const EVERY_MS = 100;

/**
 * What a worker does: opens tasks and measures batches as it is told, one thing at a time, and answers. `tell` resolves
 * when the message has left, so that it gets there even if what follows never ends. Needs nothing of Node.
 */
export function openService<I extends Instance>(
  bench: Bench<I>,
  tell: (message: FromWorker) => Promise<void>,
): (message: ToWorker) => Promise<void> {
  /** By their ids. */
  const tasks = new Map<string, OpenTask<I>>();
  let last = 0;
  const onTurn = async (): Promise<void> => {
    if (performance.now() - last < EVERY_MS) return;
    last = performance.now();
    await tell({ kind: 'progress', progress: 'turns' });
  };
  const close = (id: string): void => {
    const open = tasks.get(id);
    if (open !== undefined) bench.close(open.anchor);
    tasks.delete(id);
  };
  const answer = async (message: ToWorker): Promise<FromWorker> => {
    if (message.kind === 'task') {
      for (const id of message.close) close(id);
      const open = await openTask(bench, message.task);
      tasks.set(message.task.id, open);
      const start = performance.now();
      await open.anchor.run();
      return { kind: 'opened', anchorMs: performance.now() - start };
    }
    const open = tasks.get(message.task);
    if (open === undefined) throw new Error('a batch came before its task');
    const result = await measureBatch(bench, open, message.batch, message.timing, {
      onCheck: (candidate) => tell({ kind: 'progress', progress: candidate }),
      onTurn,
    });
    return { kind: 'measured', result };
  };
  return (message) =>
    answer(message)
      .catch((error: unknown): FromWorker => ({ kind: 'failed', message: String(error) }))
      .then(tell);
}
