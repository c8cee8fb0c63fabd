import { CompilerError } from '../../errors.ts';
import type { TensorData } from '../../tensor-data.ts';

/** Reads indices, of which a negative one counts from the end. Throws where one lies outside of its axis. */
export function indexReader({ data }: TensorData): (i: number, size: number) => number {
  return (i, size) => {
    const index = Number(data[i]);
    if (index < -size || index >= size) {
      throw new CompilerError(`index ${index} lies outside of an axis whose size is ${size}`);
    }
    return index < 0 ? index + size : index;
  };
}
