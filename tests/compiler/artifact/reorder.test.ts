import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Origin, orderBetween } from '../../../compiler/artifact/reorder.ts';
import { pack } from '../../../compiler/hoist-constants.ts';
import { compile } from '../../../compiler/pipeline.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { parseTensorFunc } from '../../../ir/text/parse.ts';
import type { Manifest } from '../../../runtime/manifest.ts';
import { reordered } from '../../../runtime/webgpu/reordered.ts';

const tensor = (...shape: readonly number[]): TensorData => {
  const count = shape.reduce((a, b) => a * b, 1);
  return { dtype: 'f32', shape, data: Float32Array.from({ length: count }, (_, i) => (i % 7 === 0 ? 0 : i)) };
};

/** Panels of `width` columns, in them the rows; the last one is padded where columns are left over. */
function panels(source: TensorData, width: number): Origin {
  const [rows = 1, columns = 1] = source.shape;
  const count = Math.ceil(columns / width);
  const column = `va * ${width} + vc`;
  const packing = parseTensorFunc(`func @pack(%w: f32[${rows}, ${columns}]) -> (%p: f32[${count}, ${rows}, ${width}]) {
    for a in ${count} { for b in ${rows} { for c in ${width} {
      block p(va: spatial(${count}) = a, vb: spatial(${rows}) = b, vc: spatial(${width}) = c) {
        %p[va, vb, vc] = select(${column} < ${columns}, %w[vb, ${column}], 0f32)
      }
    } } }
  }`);
  return { source, packing };
}

const dataOf = ({ source, packing }: Origin): TensorData => (packing === undefined ? source : pack(packing, source));

test('one packing of a constant is read in the order of another one', () => {
  const size = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(size, size, fc.tuple(size, size), fc.boolean(), (rows, parts, [a, b], isPlain) => {
      const source = tensor(rows, parts * a * b);
      const [from, to] = [panels(source, a), isPlain ? { source } : panels(source, a * b)];
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        const order = orderBetween(one, other);
        expect(order).toBeDefined();
        expect(reordered(dataOf(one).data, order ?? [])).toEqual(dataOf(other).data);
      }
    }),
  );
});

test('whatever order is found is right, and none is where tiles are padded otherwise', () => {
  const size = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(size, size, size, size, (rows, columns, a, b) => {
      const source = tensor(rows, columns);
      const [from, to] = [panels(source, a), panels(source, b)];
      const order = orderBetween(from, to);
      if (order !== undefined) expect(reordered(dataOf(from).data, order)).toEqual(dataOf(to).data);
      else expect(columns % a === 0 && columns % b === 0 && (a % b === 0 || b % a === 0)).toBe(false);
    }),
  );
  expect(orderBetween(panels(tensor(3, 10), 4), panels(tensor(3, 10), 5))).toBeUndefined();
});

test('an artifact for both has the weights of a product once', async () => {
  const builder = new GraphBuilder('product');
  const x = builder.input('x', 'f32', [24, 48]);
  builder.output('y', builder.op('matmul', [x, builder.constant(tensor(48, 64))], { transA: false, transB: false }));
  const graph = builder.finish();
  const weightsOf = async (...targets: readonly ('wasm' | 'webgpu')[]) => {
    const { files } = await compile(graph, { targets });
    const bytes = Object.entries(files).flatMap(([name, data]) => (name.startsWith('weights') ? [data.length] : []));
    const manifest = JSON.parse(new TextDecoder().decode(files['manifest.json'])) as Manifest;
    return { bytes: bytes.reduce((a, b) => a + b, 0), constants: manifest.webgpu?.constants ?? [] };
  };
  const [wasm, both, alone] = [await weightsOf('wasm'), await weightsOf('wasm', 'webgpu'), await weightsOf('webgpu')];
  expect(both.bytes).toBe(wasm.bytes);
  expect(both.constants.some(({ order }) => order !== undefined)).toBe(true);
  expect(alone.constants.every(({ order }) => order === undefined)).toBe(true);
});
