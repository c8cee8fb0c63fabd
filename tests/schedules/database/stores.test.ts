import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { importLines, printLines } from '../../../schedules/database/json-lines.ts';
import { MemoryStore } from '../../../schedules/database/memory-store.ts';
import { merge } from '../../../schedules/database/merge.ts';
import { openStore } from '../../../schedules/database/open-store.ts';
import type { TuningRecord } from '../../../schedules/database/record.ts';
import type { TuningStore } from '../../../schedules/database/store.ts';
import { hasPostgres, type PostgresServer, startPostgres } from './postgres-server.ts';
import { randomContent } from './random-content.ts';
import { asAsync, collect, record, workload } from './rows.ts';

const kinds = [
  { kind: 'memory', runs: 100, there: true },
  { kind: 'SQLite', runs: 20, there: true },
  { kind: 'PostgreSQL', runs: 10, there: hasPostgres },
] as const;

const [a, b] = [workload('a'), workload('b', { family: 'conv' })];
const lines = (store: TuningStore) => collect(printLines(store));
const times = (records: readonly TuningRecord[]) => records.map(({ ms }) => ms);

describe.each(kinds)('a tuning database in $kind', ({ kind, runs, there }) => {
  describe.skipIf(!there)('where there is one', () => {
    let folder: string;
    let server: PostgresServer | undefined;
    let place: string;
    let store: TuningStore;
    let databases = 0;

    const newPlace = async (): Promise<string> => {
      if (server !== undefined) return server.newDatabase();
      return kind === 'memory' ? 'memory' : join(folder, `${++databases}.db`);
    };
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tilewright-stores-'));
      if (kind === 'PostgreSQL') server = await startPostgres();
    });
    afterAll(async () => {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });
    beforeEach(async () => {
      place = await newPlace();
      store = await openStore(place);
    });
    afterEach(() => store.close());

    test('starts empty', async () => {
      expect(await store.stats()).toEqual({ workloads: 0, records: 0, groups: [] });
      expect(await collect(store.entries())).toEqual([]);
      expect(await store.recordsOf(a.hash)).toEqual([]);
      expect(await store.findWorkloads('')).toEqual([]);
    });

    test('gives workloads by hash and family, and records from the fastest', async () => {
      const [fast, slow, other] = [record(a, 1.25), record(a, 3), record(b, 2, { cache: 'cold' })];
      expect(await store.add([a, b], [slow, other, fast])).toEqual({ workloads: 2, records: 3 });
      expect(await store.findWorkloads(a.hash)).toEqual([a]);
      expect(await store.findWorkloads(b.hash.slice(0, 10))).toEqual([b]);
      expect((await store.findWorkloads('')).map(({ hash }) => hash)).toEqual([a.hash, b.hash].sort());
      expect(await store.workloadsOf('conv')).toEqual([b]);
      expect(await store.workloadsOf('pool')).toEqual([]);
      expect(await store.recordsOf(a.hash)).toEqual([fast, slow]);
      const entries = [
        { workload: a, records: [fast, slow] },
        { workload: b, records: [other] },
      ];
      expect(await collect(store.entries())).toEqual(
        entries.sort((x, y) => (x.workload.hash < y.workload.hash ? -1 : 1)),
      );
    });

    test('of equal times, the oldest is first', async () => {
      const [early, late] = ['2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z'].map((created) =>
        record(a, 1, { created }),
      );
      await store.add([a], [late, early] as TuningRecord[]);
      expect(await store.recordsOf(a.hash)).toEqual([early, late]);
      expect(await store.recordsOf(a.hash, 1)).toEqual([early]);
    });

    test('holds no two equal records, whatever the order of their fields', async () => {
      const first = record(a, 1);
      const again = Object.fromEntries(Object.entries(first).reverse()) as unknown as TuningRecord;
      const { 'matmul.rows': rows, 'matmul.packed': packed } = first.decisions;
      const turned = { ...again, decisions: { 'matmul.packed': packed, 'matmul.rows': rows } } as TuningRecord;
      expect(await store.add([a, a], [first, first])).toEqual({ workloads: 1, records: 1 });
      expect(await store.add([a], [again, turned, record(a, 2)])).toEqual({ workloads: 0, records: 1 });
      expect(times(await store.recordsOf(a.hash))).toEqual([1, 2]);
    });

    test('adds all or nothing', async () => {
      await expect(store.add([a], [record(a, 1), record(b, 1)])).rejects.toThrow(
        `a record is of the workload ${b.hash}, which is not there`,
      );
      const impostor = { ...b, hash: a.hash };
      await expect(store.add([a, b, impostor], [record(a, 1)])).rejects.toThrow(/another workload of the hash/);
      expect(await store.stats()).toEqual({ workloads: 0, records: 0, groups: [] });
      await store.add([a], []);
      expect(await store.add([], [record(a, 1)])).toEqual({ workloads: 0, records: 1 });
    });

    test('learns the shape of a workload that was added without one, and keeps it', async () => {
      await store.add([{ ...a, shape: [] }], []);
      await store.add([a], []);
      await store.add([{ ...a, shape: [] }], []);
      expect(await store.findWorkloads(a.hash)).toEqual([a]);
    });

    test('gives and keeps the best of each target, cache mode, class of devices, engine and version', async () => {
      const variants: readonly Partial<TuningRecord>[] = [
        {},
        { target: 'wasm-relaxed-simd' },
        { cache: 'cold' },
        { device: { class: 'arm64', fingerprint: 'machine 1' } },
        { engine: { name: 'jsc', version: '13.6' } },
        { engine: { name: 'v8', version: '14' } },
      ];
      // Another machine of a class is not another group.
      const sameGroup = { device: { class: 'x64', fingerprint: 'machine 2' } };
      const records = [a, b].flatMap((of) => [
        ...variants.flatMap((variant, i) => [1, 2, 3].map((ms) => record(of, ms + i / 10, variant))),
        record(of, 2.5, sameGroup),
      ]);
      await store.add([a, b], records);
      const best = await store.recordsOf(a.hash, 2);
      expect(times(best)).toEqual([1, 1.1, 1.2, 1.3, 1.4, 1.5, 2, 2.1, 2.2, 2.3, 2.4, 2.5]);
      expect(await store.prune(2)).toBe(2 * (6 + 1));
      expect(await store.recordsOf(a.hash)).toEqual(best);
      expect(await store.prune(2)).toBe(0);
      expect((await store.stats()).records).toBe(24);
    });

    test('counts', async () => {
      const later = { created: '2026-12-01T00:00:00.000Z' };
      const c = workload('c');
      await store.add([a, b, c], [record(a, 1), record(c, 2, later), record(b, 1), record(b, 2, { cache: 'cold' })]);
      const group = {
        target: 'wasm-simd128',
        device: 'x64',
        engine: 'v8 13.6',
        cache: 'warm',
        workloads: 1,
        records: 1,
      };
      const day = '2026-11-28T09:30:00.000Z';
      expect(await store.stats()).toEqual({
        workloads: 3,
        records: 4,
        groups: [
          { ...group, family: 'conv', cache: 'cold', first: day, last: day },
          { ...group, family: 'conv', first: day, last: day },
          { ...group, family: 'matmul', workloads: 2, records: 2, first: day, last: later.created },
        ],
      });
    });

    test('has in the end what several add at once, each time more than a page', async () => {
      const others = Array.from({ length: 150 }, (_, i) => workload(`w${i}`));
      const records = others.flatMap((of) => [record(of, 1), record(of, 2)]);
      const added = await Promise.all([0, 1, 2].map(() => store.add(others.toReversed(), records)));
      expect(added.reduce((sum, one) => sum + one.records, 0)).toBe(300);
      expect(await collect(store.entries())).toHaveLength(150);
    });

    test('is there again when it is opened again, but in memory', async () => {
      await store.add([a], [record(a, 1)]);
      await store.close();
      store = await openStore(place);
      expect(await store.recordsOf(a.hash)).toEqual(kind === 'memory' ? [] : [record(a, 1)]);
    });

    test('its lines are the same for the same content in any order, and give it again', async () => {
      await fc.assert(
        fc.asyncProperty(randomContent(), async (content) => {
          const source = new MemoryStore();
          for (const [of, records] of content) await source.add([of], records);
          const text = await lines(source);
          await using target = await opened(await newPlace());
          const [{ workloads }, { records }] = [await merge(target.store, source), await source.stats()];
          expect(workloads).toBe(content.length);
          expect(await lines(target.store)).toEqual(text);
          expect(await importLines(target.store, 'lines', () => asAsync(text))).toEqual({ workloads: 0, records: 0 });
          await using empty = await opened(await newPlace());
          const shuffled = [text[0] ?? '', ...text.slice(1).toReversed()];
          const added = await importLines(empty.store, 'lines', () => asAsync(shuffled));
          expect(added).toEqual({ workloads, records });
          expect(await lines(empty.store)).toEqual(text);
          expect(await empty.store.stats()).toEqual(await source.stats());
        }),
        { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? runs) },
      );
    });
  });
});

async function opened(place: string) {
  const store = await openStore(place);
  return { store, [Symbol.asyncDispose]: () => store.close() };
}
