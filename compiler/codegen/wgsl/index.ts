export { hasSharedReductions } from './barriers.ts';
export { emitVariants, emitWgsl, type WgslModule, type WgslVariant } from './emit-wgsl.ts';
export { gridOf } from './grid.ts';
export { boundBuffers, type EntryPoint, type WgslKernel } from './kernel.ts';
