import { workerData } from 'node:worker_threads';

// A thread that ends its process when the parent process, whose id it is given, is gone, whatever the other threads do.
// The parent says its id: it may be gone before this thread could have asked.

const EVERY_MS = 500;

function check(): void {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}

check();
setInterval(check, EVERY_MS);
