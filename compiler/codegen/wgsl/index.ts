export { emitWgsl, type WgslModule } from './emit-wgsl.ts';
export { gridOf } from './grid.ts';
export { boundBuffers, type EntryPoint, type WgslKernel } from './kernel.ts';
