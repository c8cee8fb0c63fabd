export { ArtifactError, ModelInputError } from './errors.ts';
export { type LoadOptions, load } from './load.ts';
export type { DType } from './manifest.ts';
export type { Model, ModelInfo, TensorInfo } from './model.ts';
export type { ArtifactFiles, ArtifactSource } from './source.ts';
export type { Tensor, TypedArray } from './tensor.ts';
