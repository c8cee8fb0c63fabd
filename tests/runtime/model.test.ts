import { beforeAll, describe, expect, test } from 'vitest';
import { load, type Model, ModelInputError, type Tensor } from '../../runtime/index.ts';
import { f32, modelOf, numbersOf, smallArtifact, smallX, smallY } from './models.ts';

const none = {};
const noFold = { axes: [0], keepDims: false };

describe('run', () => {
  let model: Model;
  beforeAll(async () => {
    model = await load(await smallArtifact());
  });

  test('gives typed outputs by name', async () => {
    expect(await model.run({ x: smallX })).toEqual({ y: smallY });
    expect(model.info()).toMatchObject({
      name: 'test',
      inputs: [{ name: 'x', dtype: 'f32', shape: [2, 2] }],
      outputs: [{ name: 'y', dtype: 'f32', shape: [2, 2] }],
      threads: 1,
    });
  });

  test.each<[string, unknown, string]>([
    ['nothing at all', undefined, 'input "x" is missing'],
    ['a missing input', {}, 'input "x" is missing'],
    ['an unknown input', { x: smallX, images: smallX }, 'the model has no input "images"; it has "x"'],
    ['no tensor', { x: [1, 2, 3, 4] }, 'input "x" must be f32[2, 2], given as { dtype, shape, data }'],
    ['another dtype', { x: { ...smallX, dtype: 'i32' } }, 'input "x" must be f32[2, 2], but is i32[2, 2]'],
    ['another rank', { x: { ...smallX, shape: [4] } }, 'input "x" must be f32[2, 2], but is f32[4]'],
    ['another shape', { x: { ...smallX, shape: [2, 3] } }, 'input "x" must be f32[2, 2], but is f32[2, 3]'],
    [
      'another array',
      { x: { ...smallX, data: new Float64Array(4) } },
      'input "x" must be f32[2, 2] in a Float32Array, but its data is a Float64Array',
    ],
    [
      'too few elements',
      { x: { ...smallX, data: new Float32Array(3) } },
      'input "x" must be f32[2, 2]: 4 elements, but its data has 3',
    ],
  ])('refuses %s', async (_, inputs, message) => {
    await expect(model.run(inputs as Record<string, Tensor>)).rejects.toThrow(new ModelInputError(message));
  });

  test('gives outputs that later runs do not change, and does not change what it was given', async () => {
    const x = f32([2, 2], [1, 2, 3, 4]);
    const first = await model.run({ x });
    await model.run({ x: f32([2, 2], [0, 0, 0, 0]) });
    expect(first).toEqual({ y: smallY });
    expect(x).toEqual(smallX);
  });

  test('keeps runs apart that are started at the same time', async () => {
    const inputs = [1, 2, 3, 4, 5].map((factor) => f32([2, 2], [factor, 2 * factor, 3 * factor, 4 * factor]));
    const outputs = await Promise.all(inputs.map((x) => model.run({ x })));
    expect(outputs.map(({ y }) => y?.data[0])).toEqual([3, 6, 9, 12, 15]);
  });

  test('keeps models apart that are loaded side by side', async () => {
    const other = await modelOf((graph) => graph.op('neg', [graph.input('x', 'f32', [2, 2])], none));
    const again = await load(await smallArtifact());
    const [a, b, c] = await Promise.all([model, other, again].map((each) => each.run({ x: smallX })));
    expect([a, c]).toEqual([{ y: smallY }, { y: smallY }]);
    expect(b?.['y']?.data[3]).toBe(-4);
    again.dispose();
    expect(await model.run({ x: smallX })).toEqual({ y: smallY });
  });

  test('throws after dispose', async () => {
    const disposed = await load(await smallArtifact());
    disposed.dispose();
    disposed.dispose();
    await expect(disposed.run({ x: smallX })).rejects.toThrow(new ModelInputError('model test was disposed of'));
  });
});

describe('models at the edges', () => {
  test('no kernel, no weights: the output is the input', async () => {
    const model = await modelOf((graph) => graph.input('x', 'f32', [2, 2]));
    expect(model.info().kernels).toBe(0);
    expect(await model.run({ x: smallX })).toEqual({ y: smallX });
  });

  test('no kernel: the output is a reshape of the input', async () => {
    const model = await modelOf((graph) => graph.op('reshape', [graph.input('x', 'f32', [2, 2])], { shape: [4] }));
    expect(model.info().kernels).toBe(0);
    expect(await model.run({ x: smallX })).toEqual({ y: f32([4], [1, 2, 3, 4]) });
  });

  test('no input: the output is a constant, or a reshape of one', async () => {
    const constant = await modelOf((graph) => graph.constant(smallX));
    expect(await constant.run({})).toEqual({ y: smallX });
    const reshaped = await modelOf((graph) => graph.op('reshape', [graph.constant(smallX)], { shape: [4] }));
    expect(await reshaped.run({})).toEqual({ y: f32([4], [1, 2, 3, 4]) });
  });

  test('an input that nothing reads', async () => {
    const model = await modelOf((graph) => {
      graph.input('unused', 'i64', [3]);
      return graph.op('neg', [graph.input('x', 'f32', [1])], none);
    });
    const unused: Tensor = { dtype: 'i64', shape: [3], data: new BigInt64Array(3) };
    expect(await model.run({ x: f32([1], [2]), unused })).toEqual({ y: f32([1], [-2]) });
    await expect(model.run({ x: f32([1], [2]) })).rejects.toThrow('input "unused" is missing');
  });

  test('scalars', async () => {
    const model = await modelOf((graph) => graph.op('exp', [graph.input('x', 'f32', [])], none));
    expect(await model.run({ x: f32([], [0]) })).toEqual({ y: f32([], [1]) });
  });

  test('tensors without elements', async () => {
    const model = await modelOf((graph) => graph.op('neg', [graph.input('x', 'f32', [0, 3])], none));
    expect(await model.run({ x: f32([0, 3], []) })).toEqual({ y: f32([0, 3], []) });
    const sum = await modelOf((graph) => graph.op('reduce_sum', [graph.input('x', 'f32', [0, 3])], noFold));
    expect(await sum.run({ x: f32([0, 3], []) })).toEqual({ y: f32([3], [0, 0, 0]) });
  });

  test('names with any character', async () => {
    const name = '__proto__ "…\u2028/\\ ü';
    const model = await modelOf((graph) => graph.op('neg', [graph.input(name, 'f32', [1])], none));
    expect(await model.run({ [name]: f32([1], [1]) })).toEqual({ y: f32([1], [-1]) });
  });
});

describe('NaN and infinity go through as IEEE says', () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, -0, 3.4028235e38];
  const x = f32([6], values);
  const unary = async (op: 'neg' | 'exp' | 'sqrt' | 'tanh') => {
    const model = await modelOf((graph) => graph.op(op, [graph.input('x', 'f32', [6])], none));
    return numbersOf((await model.run({ x }))['y']);
  };

  test('by themselves', async () => {
    const model = await modelOf((graph) => graph.input('x', 'f32', [6]));
    expect((await model.run({ x }))['y']?.data).toEqual(x.data);
  });

  test('through functions of one operand', async () => {
    expect(await unary('neg')).toEqual(Array.from(x.data, (value) => -value));
    expect(await unary('sqrt')).toEqual(Array.from(x.data, (value) => Math.fround(Math.sqrt(value))));
    const [exp, tanh] = [await unary('exp'), await unary('tanh')];
    expect([...exp.slice(0, 3), exp[5]]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY]);
    expect(tanh.slice(0, 3)).toEqual([Number.NaN, 1, -1]);
  });

  test('through functions of two operands', async () => {
    const binary = async (op: 'add' | 'mul' | 'div' | 'max') => {
      const model = await modelOf((graph) => {
        const [a, b] = [graph.input('a', 'f32', [6]), graph.input('b', 'f32', [6])];
        return graph.op(op, [a, b], none);
      });
      const b = f32([6], [1, Number.NEGATIVE_INFINITY, 0, 0, 0, 3.4028235e38]);
      return numbersOf((await model.run({ a: x, b }))['y']);
    };
    const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
    expect(await binary('add')).toEqual([nan, nan, -inf, 1, 0, inf]);
    expect(await binary('mul')).toEqual([nan, -inf, nan, 0, -0, inf]);
    expect(await binary('div')).toEqual([nan, nan, -inf, inf, nan, 1]);
    expect((await binary('max'))[0]).toBeNaN();
  });

  test('through a matrix product: 0 · ∞ is NaN, and stays in its row', async () => {
    const model = await load(await smallArtifact());
    const { y } = await model.run({ x: f32([2, 2], [Number.POSITIVE_INFINITY, 1, 1, 1]) });
    expect(numbersOf(y)).toEqual([Number.POSITIVE_INFINITY, Number.NaN, 3, 2]);
  });
});
