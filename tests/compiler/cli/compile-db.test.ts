import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeProfile, targetOf } from '../../../compiler/tune/device.ts';
import { workloadRow } from '../../../compiler/tune/workload-key.ts';
import { printGraph } from '../../../ir/text/print-graph.ts';
import { openStore } from '../../../schedules/database/open-store.ts';
import { idOf } from '../../../schedules/database/rows.ts';
import type { Candidate } from '../../../schedules/search/search.ts';
import { candidatesOf, recordOf, sourceOf } from '../reuse/records.ts';
import { on, phone } from '../reuse/variants.ts';
import { denseLayer } from '../tune/graphs.ts';
import { tilewright } from './tilewright.ts';

const profile = nodeProfile();
const dense = denseLayer([20, 24, 40]);
const source = sourceOf(dense);
const [candidate] = candidatesOf(source, 1, targetOf(profile)) as [Candidate];
const record = recordOf(source, candidate, 1, { ...profile, target: targetOf(profile).name });

let folder: string;
const at = (...names: readonly string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-compile-db-'));
  await writeFile(at('dense.tir'), printGraph(dense));
  const store = await openStore(at('tuning.db'));
  await store.add([workloadRow(source)], [record]);
  await store.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const compileTo = async (name: string, ...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await tilewright(['compile', at('dense.tir'), '-o', at(name), ...args]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

const manifestOf = async (name: string) => JSON.parse(await readFile(at(name, 'manifest.json'), 'utf8'));

async function filesOf(name: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(at(name), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const bytes = await Promise.all(paths.map((path) => readFile(path, 'base64')));
  return new Map(paths.map((path, i) => [path.slice(at(name).length), bytes[i] ?? '']));
}

test('a model is compiled with the records of a database, and says so', async () => {
  const said = await compileTo('tuned', '--db', at('tuning.db'));
  expect(said).toMatch(/1 distinct kernels\n {2}1 of rank 1: same workload, kind of device and engine\n/);
  const manifest = await manifestOf('tuned');
  const { hash } = workloadRow(source);
  expect(manifest.provenance.schedules).toEqual([
    { kernel: source.node.name, rank: 1, workload: hash, record: { sha256: idOf(record), workload: hash } },
  ]);
  expect(manifest.provenance.schedules[0].kernel).toBe(manifest.plan[0].kernel);
  const schema = JSON.parse(await readFile(new URL('../../../runtime/manifest.schema.json', import.meta.url), 'utf8'));
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
  validate(manifest);
  expect(validate.errors).toBeNull();
  expect((await tilewright(['run', at('tuned')])).code).toBe(0);
});

test('the same database gives the same bytes', async () => {
  await compileTo('once', '--db', at('tuning.db'));
  await compileTo('again', '--db', at('tuning.db'));
  expect(await filesOf('again')).toEqual(await filesOf('once'));
});

test('a database that knows nothing changes nothing but what the manifest says', async () => {
  expect(await compileTo('plain')).not.toMatch(/rank/);
  expect(await compileTo('empty', '--db', 'memory')).toMatch(/\n {2}1 of rank 5: default schedule\n/);
  const [plain, empty] = [await filesOf('plain'), await filesOf('empty')];
  for (const [name, bytes] of plain) if (name !== '/manifest.json') expect(empty.get(name)).toBe(bytes);
  expect((await manifestOf('plain')).provenance).not.toHaveProperty('schedules');
});

test('schedules for several kinds of devices are kept as variants, and it is said what they add', async () => {
  const store = await openStore(at('devices.db'));
  const [one, two] = candidatesOf(source, 2, targetOf(profile)) as [Candidate, Candidate];
  const target = targetOf(profile).name;
  await store.add(
    [workloadRow(source)],
    [recordOf(source, one, 1, { ...profile, target }), recordOf(source, two, 1, { ...on(phone), target })],
  );
  await store.close();
  const said = await compileTo('two', '--db', at('devices.db'), '--variants', '2');
  const own = `${profile.device.class}, v8 ${profile.engine.version}`;
  expect(said).toContain(
    `2 variants, of which the runtime can choose:\n  ${own}: 1 of 1 kernels were measured there\n`,
  );
  expect(said).toMatch(/\n {2}arm64-simd128, jsc 620\.1: 1 of 1 kernels were measured there; adds \d+ bytes\n/);
  for (const file of ['weights.bin', 'weights.0.bin', 'weights.1.bin'])
    expect(said).toMatch(new RegExp(`${file} +│ +\\d+ │ +│`));
  expect((await manifestOf('two')).provenance.options.variants).toBe(2);
  await compileTo('two-again', '--db', at('devices.db'), '--variants', '2');
  expect(await filesOf('two-again')).toEqual(await filesOf('two'));
  expect(await compileTo('one', '--db', at('devices.db'), '--variants', '1')).not.toMatch(/variants/);
  expect((await tilewright(['run', at('two')])).code).toBe(0);
});

test.each([
  [['--variants', '2'], 'error: --variants needs a tuning database: --db'],
  [['--variants', '0', '--db', 'memory'], 'Expected a whole number ≥ 1.'],
])('%j is refused', async (args, message) => {
  const { code, stderr } = await tilewright(['compile', at('dense.tir'), '-o', at('refused'), ...args]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('a database that is not there is refused', async () => {
  const { code, stderr } = await tilewright(['compile', at('dense.tir'), '-o', at('none'), '--db', at('none.db')]);
  expect([code, stderr]).toEqual([1, expect.stringContaining(`there is no database ${at('none.db')}`)]);
});
