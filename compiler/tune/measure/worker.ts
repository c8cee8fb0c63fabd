import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker } from './protocol.ts';
import { openService } from './service.ts';

// A process that measures what its parent, whose id is its argument, sends.

const answer = openService((message: FromWorker) => new Promise((resolve) => process.send?.(message, () => resolve())));

process.on('message', (message: ToWorker) => {
  answer(message).catch(() => process.exit(1));
});
process.on('disconnect', () => process.exit());
// An interrupt at the terminal is the parent's to answer.
process.on('SIGINT', () => undefined);

// A candidate that never ends does not see its parent go: another thread does.
const file = import.meta.url.replace(/worker(\.[jt]s)$/, 'end-with-parent$1');
new Worker(new URL(file), { workerData: Number(process.argv[2]) }).unref();
