import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeWeights } from '../../../compiler/artifact/weights.ts';
import { assignOffsets, type Block } from '../../../compiler/graph-passes/plan-memory.ts';
import { compile } from '../../../compiler/pipeline.ts';
import type { CompiledForWebgpu } from '../../../compiler/webgpu/program.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';

const bytes = (...elements: readonly number[]): TensorData => ({
  dtype: 'u8',
  shape: [elements.length],
  data: Uint8Array.from(elements),
});

describe('the arena', () => {
  test('is cut into buffers, none of which a block crosses, and what lives together does not overlap', () => {
    const block = fc.record({ bytes: fc.integer({ min: 1, max: 100 }), first: fc.nat(9), length: fc.nat(4) });
    const blocks = fc
      .array(block, { minLength: 1, maxLength: 20 })
      .map((all) => all.map(({ first, length, bytes: size }): Block => ({ bytes: size, first, last: first + length })));
    fc.assert(
      fc.property(blocks, (all) => {
        const offsets = assignOffsets(all, 100);
        const places = all.map((one, i) => ({ ...one, at: offsets[i] as number }));
        for (const a of places) {
          expect(Math.floor(a.at / 100)).toBe(Math.floor((a.at + a.bytes - 1) / 100));
          for (const b of places) {
            if (a === b || a.last < b.first || b.last < a.first) continue;
            expect(a.at + a.bytes <= b.at || b.at + b.bytes <= a.at).toBe(true);
          }
        }
      }),
    );
  });

  test('has several buffers where one would be larger than every device allows, and the manifest says what is needed', async () => {
    const builder = new GraphBuilder('large');
    const x = builder.input('x', 'f32', [25_000_000]);
    const y = builder.input('y', 'f32', [25_000_000]);
    builder.output('z', builder.op('add', [x, y], {}));
    const { program } = (await compile(builder.finish(), { targets: ['webgpu'] })).webgpu as CompiledForWebgpu;
    const { buffers, limits, plan } = program;
    expect(buffers).toEqual([
      { role: 'arena', bytes: 256 * 2 ** 20 },
      { role: 'arena', bytes: 100_000_000 },
    ]);
    expect(limits).toMatchObject({ maxBufferSize: 256 * 2 ** 20, maxStorageBufferBindingSize: 100_000_000 });
    expect(plan.flatMap((step) => (step.kind === 'dispatch' ? step.bindings.map(({ buffer }) => buffer) : []))).toEqual(
      [0, 0, 1],
    );
  });
});

describe('constants', () => {
  test('that a GPU and the processor read alike stand in one file, whatever they are for', () => {
    const [both, prepared, ofGpu, ofHost] = [bytes(1, 2), bytes(3), bytes(4), bytes(5)];
    const read = [
      { data: both, isResident: true },
      { data: prepared, isResident: false },
      { data: ofHost, isResident: true },
    ];
    const placed = placeWeights([{ label: '0', constants: read }], [bytes(1, 2), bytes(3), ofGpu]);
    const [program] = placed.programs;
    expect(program?.files.map(({ file, resident }) => [file, resident])).toEqual([
      ['weights.bin', 64],
      ['weights.0.bin', 64],
    ]);
    expect(placed.webgpu.files.map(({ file }) => file)).toEqual(['weights.bin', 'weights.gpu.bin']);
    expect([both, prepared, ofGpu].map((data) => placed.webgpu.placeOf(data))).toMatchObject([
      { file: 'weights.bin', offset: 0 },
      { file: 'weights.bin', offset: 64 },
      { file: 'weights.gpu.bin', offset: 0 },
    ]);
  });

  test('of a model for one of both stand in weights.bin', () => {
    const data = bytes(1);
    expect(placeWeights([{ label: '0', constants: [{ data, isResident: true }] }]).programs[0]?.files).toMatchObject([
      { file: 'weights.bin', resident: 64 },
    ]);
    expect(placeWeights([], [data]).webgpu.files).toMatchObject([{ file: 'weights.bin' }]);
  });

  test('are in an artifact once, where no kernel packs them', async () => {
    const builder = new GraphBuilder('scaled');
    const x = builder.input('x', 'f32', [1000]);
    const scale = { dtype: 'f32', shape: [1000], data: Float32Array.from({ length: 1000 }, (_, i) => i) } as const;
    builder.output('y', builder.op('mul', [x, builder.constant(scale)], {}));
    const { files } = await compile(builder.finish(), { targets: ['wasm', 'webgpu'] });
    const weights = Object.entries(files).filter(([name]) => name.startsWith('weights'));
    expect(weights.map(([name, content]) => [name, content.length])).toEqual([['weights.bin', 4032]]);
  });
});
