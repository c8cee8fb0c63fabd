/** A GPU cannot run a model: there is none, it cannot hold it, or it was lost. */
export class GpuError extends Error {
  override readonly name = 'GpuError';
}
