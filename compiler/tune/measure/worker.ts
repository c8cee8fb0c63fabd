import { serveParent } from './serve-parent.ts';
import { wasmBench } from './wasm-bench.ts';

// A process that measures kernels of WebAssembly for its parent.

serveParent(Promise.resolve(wasmBench));
