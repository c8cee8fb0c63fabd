import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { moduleNames } from '../../compiler/tune/measure/browser/modules.ts';
import { findCycles, type Import, importsOf, root, sourceFiles } from './source-files.ts';

/** `ir ← schedules ← compiler → runtime`: what each layer may import, and nothing else of ours. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  ir: ['ir'],
  schedules: ['ir', 'schedules'],
  compiler: ['ir', 'schedules', 'compiler', 'runtime'],
  runtime: ['runtime'],
};

/** Walls inside the layers: no file under `from` imports a file under `to`. */
const WALLS: readonly { readonly from: string; readonly to: string; readonly why: string }[] = [
  { from: 'ir/tensor/', to: 'ir/text/', why: 'a program does not know how it is written' },
  { from: 'ir/graph/', to: 'ir/text/', why: 'a program does not know how it is written' },
  { from: 'ir/tensor/', to: 'ir/graph/', why: 'loops do not know the graph they came from' },
  { from: 'schedules/primitives/', to: 'schedules/search/', why: 'a step does not know who chose it' },
  { from: 'schedules/primitives/', to: 'schedules/space/', why: 'a step does not know who chose it' },
  { from: 'schedules/search/', to: 'schedules/space/', why: 'search knows a space by its decisions' },
  { from: 'schedules/search/', to: 'schedules/database/', why: 'search does not know who keeps what it finds' },
  { from: 'schedules/cost-model/', to: 'schedules/space/', why: 'a cost model knows numbers, not programs' },
  { from: 'schedules/target/', to: 'schedules/space/', why: 'rules decide on numbers, not on programs' },
  { from: 'compiler/tune/', to: 'compiler/onnx/', why: 'tuning starts from a graph' },
  { from: 'compiler/codegen/', to: 'compiler/onnx/', why: 'a target does not know the file format' },
  { from: 'compiler/graph-passes/', to: 'compiler/onnx/', why: 'a pass does not know the file format' },
];

/** Packages that only one part of the house uses; a package not named here is refused below. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  chevrotain: ['ir/text/'],
  binaryen: ['compiler/codegen/wasm/'],
  wabt: ['compiler/codegen/wasm/'],
  '@bufbuild/protobuf': ['compiler/onnx/'],
  'onnx-buf': ['compiler/onnx/'],
  'cli-progress': ['compiler/cli/'],
  'cli-table3': ['compiler/cli/'],
  commander: ['compiler/cli/'],
  'd3-scale': ['compiler/tune/report/'],
  'd3-shape': ['compiler/tune/report/'],
  postgres: ['schedules/database/'],
  'tar-stream': ['compiler/conformance/'],
  webgpu: ['compiler/devices/'],
};

const layers = Object.keys(LAYERS).filter((layer) => existsSync(join(root, layer)));
const files = sourceFiles(layers);
const imports = files.flatMap(importsOf);
const layerOf = (path: string) => path.split('/')[0] ?? '';
const place = ({ from, line, target }: Import) => `${from}:${line} imports ${target}`;

describe('the direction of imports', () => {
  test('a layer imports only what stands below it', () => {
    const wrong = imports
      .filter((i) => i.relative && i.target !== 'package.json')
      .filter((i) => !LAYERS[layerOf(i.from)]?.includes(layerOf(i.target)));
    expect(wrong.map(place)).toEqual([]);
  });

  test.each(WALLS)('$from does not import $to: $why', ({ from, to }) => {
    const wrong = imports.filter((i) => i.from.startsWith(from) && i.target.startsWith(to));
    expect(wrong.map(place)).toEqual([]);
  });

  test('nothing imports the command', () => {
    const isOfCommand = (path: string) => path.startsWith('compiler/cli/');
    const wrong = imports.filter((i) => isOfCommand(i.target) && !isOfCommand(i.from));
    expect(wrong.map(place)).toEqual([]);
  });

  test('there are no cycles', () => {
    // Types that refer to each other, side by side in one folder, are a recursive type in two files.
    const isRecursiveType = (i: Import) => i.typeOnly && posix.dirname(i.from) === posix.dirname(i.target);
    const edges = new Map(files.map((file) => [file, [] as string[]]));
    for (const found of imports) {
      if (found.relative && !found.dynamic && !isRecursiveType(found)) edges.get(found.from)?.push(found.target);
    }
    expect(findCycles(edges).map((cycle) => cycle.join(' → '))).toEqual([]);
  });

  test('a package is imported only by the part of the house that it serves', () => {
    const wrong = imports
      .filter((i) => !i.relative && !i.target.startsWith('node:'))
      .filter((i) => !PACKAGES[packageOf(i.target)]?.some((folder) => i.from.startsWith(folder)));
    expect(wrong.map(place)).toEqual([]);
  });
});

describe('the runtime', () => {
  test('imports no package and no module of Node: the same files load in a browser', () => {
    const wrong = imports.filter((i) => layerOf(i.from) === 'runtime' && !i.relative);
    expect(wrong.map(place)).toEqual([]);
  });
});

describe('what chooses among variants', () => {
  test('is imported by no other part of the runtime: who does not ask for it does not load it', () => {
    const isIn = (path: string) => path.startsWith('runtime/choose/');
    const wrong = imports.filter(({ from, target }) => layerOf(from) === 'runtime' && !isIn(from) && isIn(target));
    expect(wrong.map(place)).toEqual([]);
  });
});

describe('what measures kernels', () => {
  const scripts = ['main', 'webgpu-main', 'worker', 'webgpu-worker'].map(
    (name) => `compiler/tune/measure/browser/page/${name}.ts`,
  );
  const needed = new Set(scripts);
  for (const file of needed)
    for (const { from, target, relative, typeOnly } of imports)
      if (from === file && relative && !typeOnly) needed.add(target);

  test('imports nothing of Node: the same files run in a page of a browser', () => {
    const wrong = imports.filter((i) => needed.has(i.from) && !i.relative);
    expect(wrong.map(place)).toEqual([]);
    expect(needed).toContain('compiler/tune/measure/measure-batch.ts');
  });

  test('is all that a page that measures is served', () => {
    expect(moduleNames.map((name) => `${name}.ts`)).toEqual([...needed].sort());
  });
});

describe('findCycles', () => {
  test('names the files of a cycle in order, once', () => {
    const edges = new Map([
      ['a', ['b', 'd']],
      ['b', ['c']],
      ['c', ['a']],
      ['d', []],
    ]);
    expect(findCycles(edges)).toEqual([['a', 'b', 'c', 'a']]);
  });

  test('finds none in a diamond', () => {
    const edges = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
      ['d', []],
    ]);
    expect(findCycles(edges)).toEqual([]);
  });
});

/** `@scope/name/file` is of the package `@scope/name`. */
function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
