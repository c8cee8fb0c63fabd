import { Worker } from 'node:worker_threads';
import type { Bench, Instance } from './bench.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { openService } from './service.ts';

/**
 * Measures what the parent of this process sends, whose id is the process's argument, and ends with it. Where there is no
 * bench, it answers why.
 */
export function serveParent<I extends Instance>(bench: Promise<Bench<I>>): void {
  const tell = (message: FromWorker): Promise<void> =>
    new Promise((resolve) => process.send?.(message, () => resolve()));
  const service = bench.then(
    (open) => openService(open, tell),
    (error: unknown) => () => tell({ kind: 'failed', message: String(error) }),
  );
  process.on('message', (message: ToWorker) => {
    service.then((answer) => answer(message)).catch(() => process.exit(1));
  });
  process.on('disconnect', () => process.exit());
  // An interrupt at the terminal is the parent's to answer.
  process.on('SIGINT', () => undefined);
  // A candidate that never ends does not see its parent go: another thread does.
  const file = import.meta.url.replace(/serve-parent(\.[jt]s)$/, 'end-with-parent$1');
  new Worker(new URL(file), { workerData: Number(process.argv[2]) }).unref();
}
