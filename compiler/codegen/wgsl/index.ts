export { emitWgsl, type WgslModule } from './emit-wgsl.ts';
export { boundBuffers, type EntryPoint, type WgslKernel } from './kernel.ts';
