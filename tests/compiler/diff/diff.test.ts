import { describe, expect, test } from 'vitest';
import type { DiffDevice } from '../../../compiler/diff/device.ts';
import { diffGroups, type GroupDiff } from '../../../compiler/diff/diff.ts';
import { hasSteps, judge } from '../../../compiler/diff/tolerance.ts';
import { optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { evaluateNode } from '../../../ir/graph/op-table.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { parseGraph } from '../../../ir/text/parse.ts';
import { f32 } from '../../runtime/models.ts';

const graph = optimizeGraph(
  parseGraph(
    `graph @three(%x: f32[4, 6]) -> ("y" = %y) {
  %sums: f32[4, 1] = reduce_sum(%x) {axes = [1], keepDims = true}
  %wide: f32[4, 6] = broadcast_to(%sums) {shape = [4, 6]}
  %sum: f32[4, 6] = add(%x, %wide)
  %most: f32[4, 1] = reduce_max(%sum) {axes = [1], keepDims = true}
  %y: f32[] = reduce_sum(%most) {axes = [0, 1], keepDims = false}
}`,
  ),
);
const inputs = {
  x: f32(
    [4, 6],
    Array.from({ length: 24 }, (_, i) => i / 8),
  ),
};

/** The interpreter, which spoils the results of one group. */
function faulty(fused: Graph, position: number, spoil: (tensor: TensorData) => TensorData): DiffDevice {
  const values = new Map<string, TensorData>(fused.constants.map(({ name, data }) => [name, data]));
  return {
    name: 'faulty',
    fused,
    runs: () => true,
    write: (value, tensor) => values.set(value, tensor),
    run: async (group) => {
      const results = evaluateNode(
        group,
        group.inputs.map((name) => values.get(name) as TensorData),
      );
      const isSpoilt = fused.nodes.indexOf(group) === position;
      for (const [i, { name }] of group.outputs.entries()) {
        const result = results[i] as TensorData;
        values.set(name, isSpoilt ? spoil(result) : result);
      }
    },
    read: async (value) => values.get(value) as TensorData,
    sources: async () => [],
    close: async () => undefined,
  };
}

const plusOne = (from: number) => (tensor: TensorData) => ({
  ...tensor,
  data: Float32Array.from(tensor.data as Float32Array, (value, i) => (i >= from ? value + 1 : value)),
});

async function collect(position: number, spoil: (tensor: TensorData) => TensorData): Promise<readonly GroupDiff[]> {
  const tolerance = { rtol: 1e-3, atol: 1e-4 };
  const own = faulty(graph, position, spoil);
  const groups: GroupDiff[] = [];
  for await (const group of diffGroups(faulty(graph, position, spoil), inputs, { tolerance, own })) groups.push(group);
  return groups;
}

describe('diffGroups', () => {
  test('finds nothing where nothing is wrong', async () => {
    const groups = await collect(-1, (tensor) => tensor);
    expect(groups.length).toBeGreaterThan(1);
    expect(groups.map(({ divergence }) => divergence)).toEqual(groups.map(() => undefined));
    expect(groups.map(({ position, groups: of }) => [position, of])).toEqual(
      groups.map((_, i) => [i + 1, groups.length]),
    );
  });

  test('finds the group that is wrong and no other, and how its error goes on', async () => {
    const groups = await collect(0, plusOne(3));
    const wrong = groups.filter(({ divergence }) => divergence !== undefined);
    expect(wrong.map(({ position }) => position)).toEqual([1]);
    expect(groups.slice(1).flatMap(({ accumulated = [] }) => accumulated.map(({ agrees }) => agrees))).toContain(false);
  });

  test('tells where the wrong elements lie, and of what the result was made', async () => {
    const [first] = await collect(0, plusOne(3));
    const divergence = first?.divergence;
    const shape = divergence?.actual.shape ?? [];
    expect(divergence?.verdict.difference.wrong).toBe(shape.reduce((a, b) => a * b, 1) - 3);
    expect(divergence?.region?.to).toEqual(shape.map((dim) => dim - 1));
    expect(divergence?.operands.map(({ name, isConstant }) => [name, isConstant])).toEqual([['x', false]]);
    expect(divergence?.operands[0]?.statistics).toMatchObject({ min: 0, max: 23 / 8, nans: 0, infinities: 0 });
    expect(divergence?.inside.at(-1)?.name).toBe(divergence?.value);
  });

  test('takes a NaN for the worst of all', async () => {
    const [first] = await collect(0, (tensor) => ({
      ...tensor,
      data: new Float32Array(tensor.data.length).fill(Number.NaN),
    }));
    expect(first?.divergence?.actual.statistics).toMatchObject({
      nans: first?.divergence?.verdict.difference.elements,
    });
    expect(first?.verdicts[0]?.error).toBeNaN();
  });
});

describe('judge', () => {
  const tolerance = { rtol: 1e-3, atol: 1e-4 };

  test('allows for sums of large terms that cancel', () => {
    const expected = f32([2], [1000, 0]);
    expect(judge(f32([2], [1000, 0.05]), expected, tolerance, false).agrees).toBe(true);
    expect(judge(f32([2], [1000, 0.5]), expected, tolerance, false).agrees).toBe(false);
  });

  test('allows a step in a few elements of what is rounded', () => {
    const tensor = (values: readonly number[]): TensorData => ({
      dtype: 'i8',
      shape: [values.length],
      data: Int8Array.from(values),
    });
    const expected = tensor(new Array<number>(2000).fill(5));
    const leap = tensor([6, ...new Array<number>(1999).fill(5)]);
    expect([true, false].map((leaps) => judge(leap, expected, tolerance, leaps).agrees)).toEqual([true, false]);
    expect(judge(tensor([7, ...new Array<number>(1999).fill(5)]), expected, tolerance, true).agrees).toBe(false);
  });

  test('knows which groups round', () => {
    const of = (line: string): boolean => hasSteps(parseGraph(`graph @g(%x: f32[2]) -> ("y" = %y) {\n  ${line}\n}`));
    expect(of('%y: f32[2] = round(%x)')).toBe(true);
    expect(of('%y: i32[2] = cast(%x) {to = "i32"}')).toBe(true);
    expect(of('%y: f32[2] = exp(%x)')).toBe(false);
  });
});
