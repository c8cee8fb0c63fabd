/** A map that forgets what has not been asked for in a while. */
export interface RecentMap<K, V> {
  readonly get: (key: K) => V | undefined;
  readonly set: (key: K, value: V) => void;
}

/**
 * Keeps at least the last `size` entries that were set or asked for, and at most twice as many: when a generation is full
 * it becomes the old one, from which only what is asked for is taken over.
 */
export function recentMap<K, V>(size: number): RecentMap<K, V> {
  let old = new Map<K, V>();
  let young = new Map<K, V>();
  const set = (key: K, value: V): void => {
    young.set(key, value);
    if (young.size < size) return;
    old = young;
    young = new Map();
  };
  const get = (key: K): V | undefined => {
    const known = young.get(key);
    if (known !== undefined) return known;
    const older = old.get(key);
    if (older !== undefined) set(key, older);
    return older;
  };
  return { get, set };
}
