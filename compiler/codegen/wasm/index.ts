export { emitWasm, type WasmOptions } from './emit-wasm.ts';
export { emitWat } from './emit-wat.ts';
export { supportsVector } from './value-type.ts';
