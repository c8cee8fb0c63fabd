export type * from './api.ts';
export { ArtifactError, ModelInputError, ThreadError } from './errors.ts';
export { load } from './load.ts';
