import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { recentMap } from '../../ir/recent-map.ts';

test('knows the last entries that were set or asked for, and never one that was not set', () => {
  const anyUse = fc.record({ key: fc.nat(12), isSet: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(anyUse, { maxLength: 60 }), (size, uses) => {
      const map = recentMap<number, string>(size);
      const all = new Map<number, string>();
      /** Keys, that which was used last at the end. */
      let used: number[] = [];
      for (const [i, { key, isSet }] of uses.entries()) {
        const isRecent = used.slice(-size).includes(key);
        if (isSet) {
          map.set(key, `${i}`);
          all.set(key, `${i}`);
        } else {
          const found = map.get(key);
          if (isRecent) expect(found).toBe(all.get(key));
          else if (found === undefined) continue;
          else expect(found).toBe(all.get(key));
        }
        used = [...used.filter((other) => other !== key), key];
      }
    }),
  );
});

test('forgets', () => {
  const map = recentMap<number, number>(10);
  for (let i = 0; i < 100; i++) map.set(i, i);
  expect(Array.from({ length: 100 }, (_, i) => map.get(i)).filter((value) => value !== undefined).length).toBeLessThan(
    20,
  );
});
