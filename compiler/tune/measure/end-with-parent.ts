// A thread that ends its process when the parent process is gone, whatever the other threads do.

const EVERY_MS = 500;

const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);
