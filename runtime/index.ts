export type * from './api.ts';
export { ArtifactError, ModelInputError } from './errors.ts';
export { load } from './load.ts';
