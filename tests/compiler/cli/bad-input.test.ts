import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { smallModel } from '../../house/small-model.ts';
import { modelBytes, node, valueInfo } from '../onnx/models.ts';
import { type Ended, tilewright } from './tilewright.ts';

let folder: string;
const at = (...path: readonly string[]) => join(folder, ...path);

const cyclic = (): Uint8Array =>
  modelBytes({
    inputs: [valueInfo('x', [2])],
    nodes: [node('Add', ['x', 'b'], ['a']), node('Neg', ['a'], ['b'])],
    outputs: ['b'],
  });

const threeMistakes = `graph @wrong(%x: f32[2]) -> ("y" = %c) {
  %a: f32[2] = frobnicate(%x)
  %b: f33[2] = neg(%x)
  %c: f32[2] = exp(%x
}
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tilewright-bad-'));
  await writeFile(at('small.onnx'), smallModel());
  await writeFile(at('text.onnx'), 'this is no model\n');
  await writeFile(at('empty.onnx'), '');
  await writeFile(at('cut.onnx'), smallModel().subarray(0, 100));
  await writeFile(at('cyclic.onnx'), cyclic());
  await writeFile(at('wrong.tir'), threeMistakes);
  await writeFile(at('file'), 'mine');
  await mkdir(at('occupied'));
  await writeFile(at('occupied', 'mine.txt'), 'mine');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A message and no stack, exit code 1. */
function expectRefusal({ code, stdout, stderr }: Ended, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^error: /);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).toBe('');
  expect(code).toBe(1);
}

describe('compile refuses, and leaves nothing behind', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['a file that is not there', ['nowhere.onnx'], /cannot read .*nowhere\.onnx/],
    ['a file that is no ONNX', ['text.onnx'], /not an ONNX model/],
    ['an empty file', ['empty.onnx'], /not an ONNX model: the file is empty/],
    ['a truncated model', ['cut.onnx'], /not an ONNX model, or one that was cut off|not a whole ONNX model/],
    ['a graph with a cycle', ['cyclic.onnx'], /cycle/],
    ['an unknown dimension', ['small.onnx', '--dim', 'batch=1'], /no dimension is called "batch"/],
    ['an unknown input', ['small.onnx', '--shape', 'images=1x3'], /no input is called "images"; there are: "x"/],
    ['a wrong shape', ['small.onnx', '--shape', 'x=2x4'], /dimension 1 is 3 in the model/],
    [
      'a text with three mistakes',
      ['wrong.tir'],
      /wrong\.tir:2:[\s\S]*\^[\s\S]*wrong\.tir:3:[\s\S]*\^[\s\S]*wrong\.tir:4:/,
    ],
  ])('%s', async (_, [model = '', ...options], message) => {
    const before = await readdir(folder);
    expectRefusal(await tilewright(['compile', at(model), ...options, '-o', at('out')]), message);
    expect(await readdir(folder)).toEqual(before);
  });

  test.each<[string, string, readonly string[], RegExp]>([
    ['a folder that holds something', 'occupied', [], /occupied exists and is not empty/],
    ['a file instead of a folder', 'file', [], /file/],
    ['a folder under a file', join('file', 'out'), [], /out/],
    ['a dump over something', 'out', ['--dump-ir', 'occupied'], /occupied exists and is not empty/],
  ])('%s', async (_, output, [flag, dump], message) => {
    const before = await readdir(folder, { recursive: true });
    const options = flag === undefined || dump === undefined ? [] : [flag, at(dump)];
    expectRefusal(await tilewright(['compile', at('small.onnx'), '-o', at(output), ...options]), message);
    expect(await readdir(folder, { recursive: true })).toEqual(before);
    expect(await readFile(at('file'), 'utf8')).toBe('mine');
  });
});

test.each<readonly [NodeJS.Signals, number]>([
  ['SIGINT', 400],
  ['SIGKILL', 600],
  ['SIGTERM', 700],
])('%s while it compiles leaves a whole artifact or none', { timeout: 20_000 }, async (signal, delay) => {
  const target = at(`interrupted by ${signal}`);
  await tilewright(['compile', at('small.onnx'), '-o', target], [signal, delay]);
  const { code } = await tilewright(['run', target]);
  expect(code).toBe((await readdir(folder)).includes(`interrupted by ${signal}`) ? 0 : 1);
});

test('an artifact with a changed byte is not run', async () => {
  const target = at('changed');
  expect((await tilewright(['compile', at('small.onnx'), '-o', target])).code).toBe(0);
  const weights = await readFile(join(target, 'weights.bin'));
  weights[0] = (weights[0] ?? 0) ^ 1;
  await writeFile(join(target, 'weights.bin'), weights);
  expectRefusal(await tilewright(['run', target]), /weights\.bin was changed or damaged/);
});

describe('a wrong command line ends with code 2 and the usage', () => {
  test.each([
    [[]],
    [['translate']],
    [['compile']],
    [['compile', 'model.onnx']],
    [['compile', 'model.onnx', '-o', 'out', '--target', 'cuda']],
    [['compile', 'model.onnx', '-o', 'out', '--shape', 'x']],
    [['run', 'model.onnx', '--rtol', 'much']],
    [['bench', 'model.onnx', '--nope']],
    [['inspect', 'model.onnx', '--emit', 'assembler']],
    [['conformance', 'root', '--filter', '(']],
  ])('%j', async (args) => {
    const { code, stdout, stderr } = await tilewright(args);
    expect(stderr).toMatch(/^Usage: tilewright/m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

test.each(['compile', 'run', 'bench', 'inspect', 'opt', 'conformance'])('%s --help', async (command) => {
  const { code, stdout, stderr } = await tilewright([command, '--help']);
  expect(stdout).toMatch(new RegExp(`^Usage: tilewright ${command} `));
  expect([code, stderr]).toEqual([0, '']);
});
