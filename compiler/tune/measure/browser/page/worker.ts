import type { ToWorker } from '../../protocol.ts';
import { openService } from '../../service.ts';
import { wasmBench } from '../../wasm-bench.ts';

// The thread of the page in which kernels of WebAssembly run, so that one that never ends can be ended.

const answer = openService(wasmBench, async (message) => postMessage(message));

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  answer(data).catch((error: unknown) => reportError(error));
});
// Says that it is loaded.
postMessage('ready');
