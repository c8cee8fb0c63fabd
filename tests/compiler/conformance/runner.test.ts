import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSuite } from '../../../compiler/conformance/run-suite.ts';
import { startRunner } from '../../../compiler/conformance/runner.ts';
import { type ConformanceTest, findTests } from '../../../compiler/conformance/suite.ts';
import { defaultTolerance, toleranceOf } from '../../../compiler/conformance/tolerance.ts';
import { writeTensorProto } from '../../../compiler/io/tensor-proto.ts';
import { f32, modelBytes, node, valueInfo } from '../onnx/models.ts';

let folder: string;
let tests: readonly ConformanceTest[];

/** `op(x)` for x = [1, 2], which is said to give `expected`. */
async function write(name: string, op: string, expected: readonly number[]): Promise<void> {
  const set = join(folder, 'node', name, 'test_data_set_0');
  await mkdir(set, { recursive: true });
  const model = modelBytes({ inputs: [valueInfo('x', [2])], nodes: [node(op, ['x'], ['y'])], outputs: ['y'] });
  await writeFile(join(folder, 'node', name, 'model.onnx'), model);
  await writeFile(join(set, 'input_0.pb'), writeTensorProto('x', f32([2], [1, 2])));
  await writeFile(join(set, 'output_0.pb'), writeTensorProto('y', f32([2], expected)));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-suite-'));
  await write('a_right', 'Neg', [-1, -2]);
  await write('b_wrong', 'Neg', [-1, 2]);
  await write('c_unknown', 'Frobnicate', [1, 2]);
  await write('d_broken', 'Neg', [-1, -2]);
  await writeFile(join(folder, 'node', 'd_broken', 'model.onnx'), 'broken');
  await write('e_right', 'Abs', [1, 2]);
  tests = await findTests(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('runSuite', () => {
  test('tells passes, refusals and failures apart, in the order of the tests', async () => {
    const verdicts = await runSuite(tests, { tolerance: defaultTolerance, timeLimit: 60, workers: 2 });
    expect(verdicts.map(({ name, verdict, operators }) => [name, verdict, operators])).toEqual([
      ['node/a_right', 'pass', ['Neg']],
      ['node/b_wrong', 'fail', ['Neg']],
      ['node/c_unknown', 'refused', ['Frobnicate']],
      ['node/d_broken', 'fail', []],
      ['node/e_right', 'pass', ['Abs']],
    ]);
    expect(verdicts[1]?.reason).toBe(
      'test_data_set_0: output y: 1 of 2 elements differ, the worst at [1]: -2 instead of 2',
    );
    expect(verdicts[2]?.reason).toMatch(/Frobnicate/);
  });
});

test('a test without an end fails alone: the next one gets another worker', async () => {
  const [right] = tests as [ConformanceTest];
  const impatient = startRunner(defaultTolerance, 0);
  expect(await impatient.run(right)).toEqual({
    name: 'node/a_right',
    operators: [],
    verdict: 'fail',
    reason: 'no end after 0 s',
  });
  expect((await impatient.run(right)).verdict).toBe('fail');
  await impatient.stop();
});

test('a model has the tolerance that ONNX allows it, or what is wanted where that is more', () => {
  expect(toleranceOf('node/test_add', defaultTolerance)).toEqual({ rtol: 1e-3, atol: 1e-7 });
  expect(toleranceOf('light/light_densenet121', defaultTolerance)).toEqual({ rtol: 2e-3, atol: 1e-7 });
  expect(toleranceOf('light/light_densenet121', { rtol: 1e-2, atol: 0 })).toEqual({ rtol: 1e-2, atol: 1e-7 });
});
