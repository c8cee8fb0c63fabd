import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../../schedules/database/open-store.ts';
import { hasPostgres, type PostgresServer, startPostgres } from './postgres-server.ts';
import { collect, record, workload } from './rows.ts';
import { old, oldRecords, version1 } from './version-1.ts';

const inSchema = [
  'CREATE SCHEMA tilewright',
  'SET search_path TO tilewright',
  ...version1('TEXT COLLATE "C"', 'DOUBLE PRECISION'),
];

describe.skipIf(!hasPostgres)('a PostgreSQL server (of the package postgresql)', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  test('with a database of version 1 has it migrated, by one of those that open it at once', async () => {
    const address = await server.newDatabase();
    await server.run(address, inSchema.join(';\n'));
    const stores = await Promise.all([1, 2, 3].map(() => openStore(address)));
    for (const store of stores) {
      expect(await collect(store.entries())).toEqual([{ workload: old, records: oldRecords }]);
      expect(await store.add([], oldRecords)).toEqual({ workloads: 0, records: 0 });
      await store.close();
    }
  });

  test('with a newer database is refused', async () => {
    const address = await server.newDatabase();
    await server.run(address, [...inSchema, 'UPDATE tilewright_version SET version = 99'].join(';\n'));
    await expect(openStore(address)).rejects.toThrow(/has version 99 of the schema, made by a newer Tilewright/);
  });

  test('may hold other tables as well', async () => {
    const address = await server.newDatabase();
    await server.run(address, 'CREATE TABLE records (name TEXT)');
    const store = await openStore(address);
    await store.add([old], oldRecords);
    expect(await store.recordsOf(old.hash)).toEqual(oldRecords);
    await store.close();
  });

  test('has in the end what several processes add at once', async () => {
    const address = await server.newDatabase();
    const stores = await Promise.all([1, 2, 3].map(() => openStore(address)));
    const workloads = Array.from({ length: 60 }, (_, i) => workload(`w${i}`));
    const records = workloads.map((of) => record(of, 1));
    const added = await Promise.all(
      stores.map((store, i) => store.add(i === 1 ? workloads.toReversed() : workloads, records)),
    );
    expect(added.reduce((sum, one) => sum + one.records, 0)).toBe(60);
    for (const store of stores) await store.close();
  });

  test('is named without the password, also in what goes wrong', async () => {
    const address = await server.newDatabase();
    const { password, host } = new URL(address);
    const store = await openStore(address);
    expect(store.place).toMatch(new RegExp(`^postgres://tuner@${host}/`));
    await store.close();
    for (const wrong of [address.replace(password, 'guess'), `${address}-not`]) {
      const refused = await openStore(wrong).catch((error: Error) => error);
      expect(refused).toMatchObject({
        name: 'CompilerError',
        message: expect.stringContaining(`postgres://tuner@${host}`),
      });
      expect((refused as Error).message).not.toMatch(/guess/);
      expect((refused as Error).message).not.toContain(password);
    }
  });
});

test('a server that is not there is named', async () => {
  const refused = await openStore('postgres://tuner:secret@127.0.0.1:1/tuning').catch((error: Error) => error);
  expect(refused).toMatchObject({ name: 'CompilerError' });
  expect((refused as Error).message).toMatch(/^postgres:\/\/tuner@127\.0\.0\.1:1\/tuning: .*ECONNREFUSED/);
  await expect(openStore('postgres://a b:c')).rejects.toThrow(/the address of the server is none/);
});
