/** A stream of choices: each call takes the next number of a list, and 0, the simplest choice, when it is used up. */
export interface Choices {
  /** An integer from 0 to count-1. */
  readonly below: (count: number) => number;
  readonly pick: <T>(options: readonly T[]) => T;
  /** True once in `odds` times. */
  readonly chance: (odds: number) => boolean;
}

export function choicesFrom(numbers: readonly number[]): Choices {
  let next = 0;
  const below = (count: number): number => (numbers[next++] ?? 0) % count;
  return {
    below,
    pick: <T>(options: readonly T[]): T => options[below(options.length)] as T,
    chance: (odds) => below(odds) === odds - 1,
  };
}

/** Mulberry32 (Tommy Ettinger): numbers from 0 up to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
