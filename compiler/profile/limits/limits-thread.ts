import { parentPort, workerData } from 'node:worker_threads';
import { limitsOfThread, type ThreadTask } from './wasm-limits.ts';

// A thread that measures what it reaches while others do the same.

parentPort?.postMessage(await limitsOfThread(workerData as ThreadTask));
