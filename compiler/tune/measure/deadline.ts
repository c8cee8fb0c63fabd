/** A time by which something has to happen. */
export interface Deadline {
  /** From now on it is as far away as it was at the begin. */
  readonly extend: () => void;
  readonly end: () => void;
}

/**
 * Calls back when so many milliseconds have passed without an extension. What came while this thread was busy is heard
 * first: a timer alone would ring before the messages that have arrived are read, a second one rings after. Needs nothing
 * of Node.
 */
export function watch(patience: number, onPassed: () => void): Deadline {
  let end = performance.now() + patience;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isEnded = (): boolean => end === Number.POSITIVE_INFINITY;
  const check = (): void => {
    const left = end - performance.now();
    if (left <= 0) return onPassed();
    if (!isEnded()) timer = setTimeout(() => setTimeout(check), left);
  };
  check();
  return {
    extend: () => {
      if (!isEnded()) end = performance.now() + patience;
    },
    end: () => {
      end = Number.POSITIVE_INFINITY;
      clearTimeout(timer);
    },
  };
}
