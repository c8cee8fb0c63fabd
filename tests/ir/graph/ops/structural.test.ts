import { describe, expect, test } from 'vitest';
import { addDims, type Dim, scaleDim, symbolDim } from '../../../../ir/dim.ts';
import { GraphBuilder } from '../../../../ir/graph/build.ts';
import { add, buffer, constant, load, loops, store, variable } from '../../../../ir/tensor/build.ts';
import type { TensorFunc } from '../../../../ir/tensor/tensor-func.ts';
import { f32, infer, run, runAll } from '../tensors.ts';

const [n, seq] = [symbolDim('n'), symbolDim('seq')];

/** Adds 1 to every element of a vector. */
function addOne(size: Dim): TensorFunc {
  const [x, y] = [buffer('x', 'f32', [size]), buffer('y', 'f32', [size])];
  const body = loops([['i', size]], store(y, [variable('i')], add(load(x, [variable('i')]), constant(1, 'f32'))));
  return { name: 'add_one', sizes: ['n'], inputs: [x], outputs: [y], temps: [], body };
}

describe('call_tir', () => {
  test("takes its sizes from the operands' shapes", () => {
    const attrs = { func: addOne(n) };
    expect(run('call_tir', [f32([3], [1, 2, 3])], attrs)).toEqual(f32([3], [2, 3, 4]));
    expect(infer('call_tir', [['f32', [addDims(seq, 1)]]], attrs)).toEqual([
      { dtype: 'f32', shape: [addDims(seq, 1)] },
    ]);
    const doubled = { func: addOne(scaleDim(n, 2)) };
    expect(infer('call_tir', [['f32', [scaleDim(seq, 4)]]], doubled)).toEqual([
      { dtype: 'f32', shape: [scaleDim(seq, 4)] },
    ]);
  });

  test('refuses another signature', () => {
    const attrs = { func: addOne(scaleDim(n, 2)) };
    expect(() => infer('call_tir', [], attrs)).toThrow('add_one takes 1 operands, has 0');
    expect(() => infer('call_tir', [['i32', [2]]], attrs)).toThrow('operand 0 of add_one is i32[2], expected f32[2]');
    expect(() => infer('call_tir', [['f32', [3]]], attrs)).toThrow('operand 0 of add_one is f32[3], expected f32[2*n]');
  });
});

describe('fused', () => {
  const builder = new GraphBuilder('body');
  const x = builder.input('x', 'f32', [2]);
  const doubled = builder.op('add', [x, x], {});
  builder.output('first', doubled);
  builder.output('second', builder.op('neg', [doubled], {}));
  const attrs = { body: builder.finish() };

  test('means what its body means', () => {
    expect(runAll('fused', [f32([2], [1, 2])], attrs)).toEqual([f32([2], [2, 4]), f32([2], [-2, -4])]);
  });

  test('refuses another signature', () => {
    expect(() => infer('fused', [['f32', [3]]], attrs)).toThrow('operand 0 of body is f32[3], expected f32[2]');
  });
});
