import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundBuffers } from '../../../compiler/codegen/wgsl/index.ts';
import { compile } from '../../../compiler/pipeline.ts';
import { lowerForWebgpu } from '../../../compiler/tensor-passes/index.ts';
import type { CompiledForWebgpu } from '../../../compiler/webgpu/program.ts';
import { shareKernels } from '../../../compiler/webgpu/share-kernels.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import { canonicalize } from '../../../ir/tensor/canonical.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import { arbitraryTensorFunc } from '../../generators/tensor-func.ts';

const kernel = (text: string, ...constants: readonly string[]) => ({
  func: parseTensorFunc(text),
  constants: new Set(constants),
});
const sharedOf = (...kernels: Parameters<typeof shareKernels>[0]): readonly (string | undefined)[] => {
  const { kernels: kept, runs } = shareKernels(kernels);
  expect(new Set(runs.values()).size).toBe(kept.length);
  return kernels.map(({ func }) => runs.get(func.name));
};

const double = 'func @double(%x: f32[8]) -> (%y: f32[8]) { for i in 8 { %y[i] = %x[i] * 2f32 } }';
const names = 'func @names(%a: f32[8]) -> (%b: f32[8]) { for j in 8 { %b[j] = %a[j] * 2f32 } }';

test('kernels that differ in names, in the sizes of what they bind, or in what they do not touch run one code', () => {
  const larger = 'func @larger(%x: f32[80]) -> (%y: f32[9]) { for i in 8 { %y[i] = %x[i] * 2f32 } }';
  const unused = 'func @unused(%z: f32[3], %x: f32[8]) -> (%y: f32[8]) { for i in 8 { %y[i] = %x[i] * 2f32 } }';
  const all = [double, names, larger, unused].map((text) => kernel(text));
  expect(sharedOf(...all)).toEqual(['double', 'double', 'double', 'double']);
});

test('kernels of other code, and those that bind what others write to, run their own', () => {
  const more = 'func @more(%x: f32[8]) -> (%y: f32[8]) { for i in 9 { %y[i] = %x[i] * 2f32 } }';
  const integers = 'func @integers(%x: i32[8]) -> (%y: i32[8]) { for i in 8 { %y[i] = %x[i] * 2 } }';
  const all = [kernel(double), kernel(more), kernel(integers), kernel(names, 'a')];
  expect(sharedOf(...all)).toEqual(['double', 'more', 'integers', 'names']);
});

test('a kernel of any form runs the code of itself under other names', () => {
  fc.assert(
    fc.property(arbitraryTensorFunc(), (func) => {
      const flat = lowerForWebgpu(func);
      const other = { ...canonicalize(flat), name: `${flat.name}_other` };
      const constants = new Set<string>();
      expect(sharedOf({ func: flat, constants }, { func: other, constants })).toEqual([flat.name, flat.name]);
      expect(boundBuffers(other)).toHaveLength(boundBuffers(flat).length);
    }),
    { numRuns: 60 },
  );
});

test('a program has one pipeline for phases of different kernels that are the same', async () => {
  const builder = new GraphBuilder('borders');
  const x = builder.input('x', 'f32', [1, 8, 8, 4]);
  const zero = builder.constant({ dtype: 'f32', shape: [], data: Float32Array.of(0) });
  const padded = { before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: 'constant' } as const;
  builder.output('y', builder.op('pad', [builder.op('abs', [x], {}), zero], padded));
  builder.output('z', builder.op('pad', [builder.op('neg', [x], {}), zero], padded));
  const { program } = (await compile(builder.finish(), { targets: ['webgpu'] })).webgpu as CompiledForWebgpu;
  const run = program.plan.flatMap((step) => (step.kind === 'dispatch' ? [step.kernel] : []));
  expect(program.shaders.at(-1)?.kernels.map(({ name }) => name)).toEqual([...new Set(run)]);
  expect(new Set(run).size).toBeLessThan(run.length);
});
