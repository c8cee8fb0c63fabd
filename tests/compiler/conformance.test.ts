import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSuite } from '../../compiler/conformance/run-suite.ts';
import type { Verdict } from '../../compiler/conformance/run-test.ts';
import { findTests, unpackSuite } from '../../compiler/conformance/suite.ts';
import { defaultTolerance } from '../../compiler/conformance/tolerance.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const shared = join(process.env['TILEWRIGHT_SHARED'] ?? resolve(root, '../shared'), 'onnx-conformance');
const archive = join(shared, 'node-tests.tar.gz');

/** Of the tests that onnxruntime passes; the README names the number too. */
const leastPasses = 669;

interface Index {
  readonly tests: readonly { readonly path: string; readonly ort: string }[];
}

describe.skipIf(!existsSync(archive))("ONNX's backend tests, compiled and run", () => {
  let folder = '';
  let verdicts: readonly Verdict[] = [];

  beforeAll(async () => {
    folder = await unpackSuite(archive);
    verdicts = await runSuite(await findTests(folder), { tolerance: defaultTolerance, timeLimit: 180, workers: 1 });
  }, 600_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('none fails', () => {
    const failed = verdicts.filter(({ verdict }) => verdict === 'fail');
    expect(failed.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([]);
  });

  test('what is refused is refused by name', () => {
    const silent = verdicts.filter(
      ({ verdict, reason }) => verdict === 'refused' && !/^unsupported:\s+\S/.test(reason ?? ''),
    );
    expect(silent).toEqual([]);
  });

  test(`at least ${leastPasses} of those that onnxruntime passes pass`, () => {
    const { tests } = JSON.parse(readFileSync(join(shared, 'index.json'), 'utf8')) as Index;
    const theirs = new Set(tests.filter(({ ort }) => ort === 'pass').map(({ path }) => path));
    const passed = verdicts.filter(({ name, verdict }) => verdict === 'pass' && theirs.has(name));
    expect(passed.length).toBeGreaterThanOrEqual(leastPasses);
  });
});
