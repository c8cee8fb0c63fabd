import { describe, expect, test } from 'vitest';
import {
  compile,
  type Graph,
  GraphBuilder,
  IrSyntaxError,
  importOnnx,
  interpretGraph,
  parseGraph,
  parseTensorFunc,
  printGraph,
  type TensorFunc,
  UnsupportedError,
  VerifyError,
} from '../../compiler/index.ts';
import { load, type Tensor } from '../../runtime/index.ts';
import { smallInput, smallModel, smallOutput } from '../house/small-model.ts';
import { f32, graphOf, smallX, smallY } from '../runtime/models.ts';

const runGraph = async (graph: Graph, inputs: Record<string, Tensor>) =>
  (await load((await compile(graph)).files)).run(inputs);

describe('from a model to its outputs, in memory', () => {
  test('imported', async () => {
    const model = await load((await compile(importOnnx(smallModel()))).files);
    expect(await model.run({ x: f32([2, 3], smallInput) })).toEqual({ y: f32([2, 2], smallOutput) });
  });

  test('built, and the same from its text', async () => {
    const graph = graphOf((builder) => {
      const x = builder.input('x', 'f32', [2, 2]);
      const w = builder.constant(f32([2, 2], [2, 0, 0, 1]), 'w');
      return builder.op('add', [builder.op('matmul', [x, w], { transA: false, transB: false }), x], {});
    });
    expect(await runGraph(graph, { x: smallX })).toEqual({ y: smallY });
    expect(await runGraph(parseGraph(printGraph(graph)), { x: smallX })).toEqual({ y: smallY });
  });

  test('phases are reported in order', async () => {
    const phases: string[] = [];
    await compile(importOnnx(smallModel()), { onPhase: (phase) => phases.push(phase) });
    expect(phases).toEqual(['graph passes', 'lower and schedule', 'plan memory', 'generate code', 'assemble']);
  });
});

const scaledSquare = (name: string, factor: number, extent: number): TensorFunc =>
  parseTensorFunc(`func @${name}(%x: f32[${extent}]) -> (%y: f32[${extent}]) {
  for i in ${extent} {
    block square(vi: spatial(${extent}) = i) {
      %y[vi] = %x[vi] * %x[vi] * ${factor}f32
    }
  }
}
`);

describe('an operator of the user as a TensorFunc text', () => {
  test('runs among others', async () => {
    const graph = graphOf((builder) => {
      const x = builder.input('x', 'f32', [37]);
      const squares = builder.op('call_tir', [builder.op('neg', [x], {})], { func: scaledSquare('square', 2, 37) });
      return builder.op('add', [squares, x], {});
    });
    const x = f32(
      [37],
      Array.from({ length: 37 }, (_, i) => i - 10),
    );
    const { y } = await runGraph(graph, { x });
    expect(y).toEqual(
      f32(
        [37],
        Array.from(x.data, (value) => 2 * value * value + value),
      ),
    );
    expect(interpretGraph(graph, { x })['y']).toEqual(y);
  });

  test('gets a default schedule', async () => {
    const graph = graphOf((builder) =>
      builder.op('call_tir', [builder.input('x', 'f32', [64])], { func: scaledSquare('square', 2, 64) }),
    );
    const [call] = (await compile(graph)).calls;
    expect(call?.kernel.trace.map((step) => step.primitive)).toContain('vectorize');
  });

  test('may have the name of another, and be used twice', async () => {
    const graph = graphOf((builder) => {
      const x = builder.input('x', 'f32', [4]);
      const twice = builder.op('call_tir', [x], { func: scaledSquare('neg', 2, 4) });
      const thrice = builder.op('call_tir', [twice], { func: scaledSquare('neg', 3, 4) });
      const again = builder.op('call_tir', [thrice], { func: scaledSquare('neg', 2, 4) });
      return builder.op('neg', [again], {});
    });
    const { y } = await runGraph(graph, { x: f32([4], [1, 1, 1, 1]) });
    expect(y).toEqual(f32([4], Array(4).fill(-2 * 12 ** 2)));
  });

  test('may be written for any size', async () => {
    const func = parseTensorFunc(`func @double(n)(%x: f32[n]) -> (%y: f32[n]) {
  for i in n {
    block double(vi: spatial(n) = i) {
      %y[vi] = %x[vi] + %x[vi]
    }
  }
}
`);
    const graph = graphOf((builder) => {
      const a = builder.op('call_tir', [builder.input('x', 'f32', [5])], { func });
      const b = builder.op('call_tir', [builder.input('z', 'f32', [1])], { func });
      return builder.op('add', [a, b], {});
    });
    const { y } = await runGraph(graph, { x: f32([5], [1, 2, 3, 4, 5]), z: f32([1], [10]) });
    expect(y).toEqual(f32([5], [22, 24, 26, 28, 30]));
  });
});

describe('refuses', () => {
  const matmul = { transA: false, transB: false };

  test('a wrong shape and a wrong dtype, naming the node', () => {
    const builder = new GraphBuilder('wrong');
    const [x, y] = [builder.input('x', 'f32', [2, 3]), builder.input('y', 'i32', [3, 2])];
    expect(() => builder.op('matmul', [x, x], matmul, 'product')).toThrow(/graph wrong, node product/);
    expect(() => builder.op('add', [x, y], {}, 'sum')).toThrow(VerifyError);
  });

  test('a graph with a cycle, and one with an unknown name', async () => {
    const graph = graphOf((builder) =>
      builder.op('neg', [builder.op('exp', [builder.input('x', 'f32', [2])], {})], {}),
    );
    const rewired = (input: string): Graph => ({
      ...graph,
      nodes: graph.nodes.map((node) => (node.op === 'exp' ? { ...node, inputs: [input] } : node)),
    });
    await expect(compile(rewired('neg'))).rejects.toThrow(VerifyError);
    await expect(compile(rewired('nowhere'))).rejects.toThrow(/nowhere/);
  });

  test('dimensions that are not bound', async () => {
    const text = `graph @open(%x: f32[n]) -> ("y" = %r) {
  %r: f32[n] = neg(%x)
}
`;
    await expect(async () => compile(parseGraph(text))).rejects.toThrow(UnsupportedError);
  });

  test('a size that nothing binds', async () => {
    const func = parseTensorFunc(`func @fill(n)() -> (%y: f32[n]) {
  for i in n {
    block fill(vi: spatial(n) = i) {
      %y[vi] = 1f32
    }
  }
}
`);
    const graph = graphOf((builder) => builder.op('call_tir', [], { func }));
    await expect(compile(graph)).rejects.toThrow('value call_tir has dimensions that no input binds, [n]');
  });

  test('a text with three mistakes, each with its place', () => {
    const text = `graph @wrong(%x: f32[2]) -> ("y" = %c) {
  %a: f32[2] = frobnicate(%x)
  %b: f33[2] = neg(%x)
  %c: f32[2] = exp(%x
`;
    let error: unknown;
    try {
      parseGraph(text, 'wrong.tir');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(IrSyntaxError);
    expect((error as IrSyntaxError).diagnostics.length).toBeGreaterThanOrEqual(3);
    expect((error as IrSyntaxError).message).toMatch(/wrong\.tir:2:/);
  });
});
