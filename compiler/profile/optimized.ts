import { setFlagsFromString } from 'node:v8';

/** Does what it is given without V8's baseline compiler, so that no time is that of code which is not optimized yet. */
export async function optimized<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString('--no-liftoff');
  try {
    return await work();
  } finally {
    setFlagsFromString('--liftoff');
  }
}
