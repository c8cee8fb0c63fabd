import { describe, expect, test } from 'vitest';
import { addDims, type Dim, scaleDim, symbolDim } from '../../../ir/dim.ts';
import { UnsupportedError, VerifyError } from '../../../ir/errors.ts';
import { bindGraph } from '../../../ir/graph/bind.ts';
import { GraphBuilder } from '../../../ir/graph/build.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { buffer, cast, loops, store, variable } from '../../../ir/tensor/build.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { f32 } from './tensors.ts';

const [n, m] = [symbolDim('n'), symbolDim('m')];
const symbols = (values: Readonly<Record<string, Dim>>) => new Map(Object.entries(values));

/** Every attribute that holds dimensions, and a fused group with one more. */
function example(size: Dim): Graph {
  const body = new GraphBuilder('body');
  const inner = body.input('x', 'f32', [size, 2]);
  body.output('y', body.op('reshape', [inner], { shape: [2, size] }));
  const builder = new GraphBuilder('g');
  const x = builder.input('x', 'f32', [size, 2]);
  const fused = builder.op('fused', [x], { body: body.finish() });
  const sliced = builder.op('slice', [fused], { starts: [0, addDims(size, -1)], sizes: [2, 1], steps: [1, 1] });
  const wide = builder.op('broadcast_to', [sliced], { shape: [2, size] });
  const index = builder.op('iota', [], { shape: [size], axis: 0, dtype: 'f32' });
  builder.output('y', builder.op('add', [wide, index], {}));
  return builder.finish();
}

/** A function that gives 0, 1, 2, … in a vector of the size `n`, which no input tells. */
function counter(): TensorFunc {
  const y = buffer('y', 'f32', [n]);
  const body = loops([['i', n]], store(y, [variable('i')], cast(variable('i'), 'f32')));
  return { name: 'counter', sizes: ['n'], inputs: [], outputs: [y], temps: [], body };
}

describe('bindGraph', () => {
  test('replaces symbols everywhere by numbers or dimensions', () => {
    expect(bindGraph(example(n), symbols({ n: 3 }))).toEqual(example(3));
    const doubled = scaleDim(m, 2);
    expect(bindGraph(example(n), symbols({ n: doubled }))).toEqual(example(doubled));
    verifyGraph(bindGraph(example(n), symbols({ n: 3 })));
  });

  test('returns the same graph where nothing changes', () => {
    const graph = example(n);
    expect(bindGraph(graph, symbols({ m: 3 }))).toBe(graph);
  });

  test('refuses negative sizes', () => {
    expect(() => bindGraph(example(addDims(n, -3)), symbols({ n: 2 }))).toThrow(
      new VerifyError('graph g, value %x', 'shape [-1, 2]'),
    );
  });

  test("binds a function's size that no operand tells", () => {
    const builder = new GraphBuilder('g');
    builder.output('y', builder.op('call_tir', [], { func: counter() }));
    const graph = builder.finish();
    const bound = bindGraph(graph, symbols({ n: 3 }));
    verifyGraph(bound);
    expect(interpretGraph(bound, {})).toEqual({ y: f32([3], [0, 1, 2]) });
    expect(() => bindGraph(graph, symbols({ n: m }))).toThrow(UnsupportedError);
  });

  test("keeps apart a function's size and a symbol of the graph that has its name", () => {
    const x = buffer('x', 'f32', [n]);
    const func = { ...counter(), inputs: [x] };
    const builder = new GraphBuilder('g');
    builder.output('y', builder.op('call_tir', [builder.input('x', 'f32', [m])], { func }));
    builder.output('z', builder.op('neg', [builder.input('z', 'f32', [n])], {}));
    const bound = bindGraph(builder.finish(), symbols({ n: 7 }));
    verifyGraph(bound);
    expect(interpretGraph(bound, { x: f32([2], [5, 5]), z: f32([7], [0, 0, 0, 0, 0, 0, 0]) })['y']).toEqual(
      f32([2], [0, 1]),
    );
  });
});
