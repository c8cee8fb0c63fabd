/** An artifact that cannot be loaded: a file is missing, changed, damaged, or of a newer format. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';
}

/** A tensor given to `run` that the model does not take. */
export class ModelInputError extends Error {
  override readonly name = 'ModelInputError';
}

/** A thread of a model could not be started, ended, or had a kernel fail. The model cannot be run again. */
export class ThreadError extends Error {
  override readonly name = 'ThreadError';
}
