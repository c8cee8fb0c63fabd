import { TensorProto_DataType as Element } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { printShape } from '../../../ir/dim.ts';
import { OnnxImportError, UnsupportedError } from '../../../ir/errors.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { bytesOf } from '../../../ir/tensor-data.ts';
import {
  externalInitializer,
  f32,
  functionProto,
  graphProto,
  i64,
  initializer,
  modelBytes,
  node,
  valueInfo,
} from './models.ts';

const x = valueInfo('x', ['n', 4]);

function unsupported(bytes: Uint8Array): readonly string[] {
  try {
    importOnnx(bytes);
  } catch (error) {
    if (error instanceof UnsupportedError) return error.items;
    throw error;
  }
  throw new Error('the model was not refused');
}

describe('dimensions', () => {
  const bytes = modelBytes({
    inputs: [x, valueInfo('z', ['n', '?'])],
    nodes: [node('Relu', ['x'], ['y'])],
    outputs: ['y'],
  });
  const shapes = (options: Parameters<typeof importOnnx>[1]) =>
    importOnnx(bytes, options).inputs.map(({ type }) => printShape(type.shape));

  test('keep their names, and get one where they have none', () => expect(shapes({})).toEqual(['[n, 4]', '[n, z.1]']));
  test('are bound by name', () => expect(shapes({ dims: { n: 2 } })).toEqual(['[2, 4]', '[2, z.1]']));
  test('are bound everywhere by the shape of one input', () =>
    expect(shapes({ shapes: { z: [3, 5] } })).toEqual(['[3, 4]', '[3, 5]']));

  test.each([
    [{ dims: { m: 2 } }, 'no dimension is called "m"; there are: "n"'],
    [{ shapes: { w: [2] } }, 'no input is called "w"; there are: "x", "z"'],
    [{ shapes: { x: [2] } }, 'the given shape of input "x", [2]: the model has 2 dimensions'],
    [{ shapes: { x: [2, 5] } }, 'dimension 1 is 4 in the model'],
    [{ dims: { n: 1 }, shapes: { x: [2, 4] } }, 'dimension "n" is 2 here and 1 elsewhere'],
    [{ dims: { n: 1.5 } }, 'dimension "n": 1.5 is no size'],
    [{ values: { x: i64([1, 4], [1, 2, 3, 4]) } }, 'the given value of input "x" is i64, expected f32'],
  ])('contradicted by options %# are an error', (options, message) => expect(() => shapes(options)).toThrow(message));

  test('an input without a rank needs a shape', () => {
    const open = modelBytes({
      inputs: [valueInfo('x', undefined)],
      nodes: [node('Relu', ['x'], ['y'])],
      outputs: ['y'],
    });
    expect(unsupported(open)).toEqual(['input "x" without a shape: give one']);
    expect(importOnnx(open, { shapes: { x: [2, 3] } }).inputs[0]?.type.shape).toEqual([2, 3]);
  });
});

describe('computations on shapes', () => {
  test('vanish, with symbols too', () => {
    const graph = importOnnx(
      modelBytes({
        inputs: [valueInfo('x', ['batch', 'seq', 8])],
        initializers: [
          initializer('zero', i64([1], [0])),
          initializer('one', i64([1], [1])),
          initializer('tail', i64([2], [2, 4])),
        ],
        nodes: [
          node('Shape', ['x'], ['shape']),
          node('Slice', ['shape', 'zero', 'one'], ['batch']),
          node('Gather', ['shape', 'one'], ['seq']),
          node('Add', ['seq', 'seq'], ['twice']),
          node('Div', ['twice', 'tail2'], ['half']),
          node('Constant', [], ['tail2'], { value: i64([1], [2]) }),
          node('Concat', ['batch', 'half', 'tail'], ['wanted'], { axis: 0 }),
          node('Reshape', ['x', 'wanted'], ['y']),
        ],
        outputs: ['y'],
      }),
    );
    expect(graph.nodes.map(({ op }) => op)).toEqual(['reshape']);
    expect(printShape(graph.nodes[0]?.outputs[0]?.type.shape ?? [])).toBe('[batch, seq, 2, 4]');
    expect(graph.constants).toEqual([]);
  });

  test('give a symbol as an element where a node needs it', () => {
    const bytes = modelBytes({ inputs: [valueInfo('x', ['n'])], nodes: [node('Shape', ['x'], ['y'])], outputs: ['y'] });
    const graph = importOnnx(bytes);
    verifyGraph(graph);
    expect(interpretGraph(graph, { x: f32([3], [1, 2, 3]) })).toEqual({ y: i64([1], [3]) });
  });
});

describe('initializers', () => {
  test('that are inputs as well are constants', () => {
    const bytes = modelBytes({
      irVersion: 3,
      inputs: [valueInfo('x', [2]), valueInfo('w', [2])],
      initializers: [initializer('w', f32([2], [3, 4]))],
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      outputs: ['y'],
    });
    const graph = importOnnx(bytes);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(interpretGraph(graph, { x: f32([2], [1, 2]) })).toEqual({ y: f32([2], [3, 8]) });
  });

  test('may stand in a file of their own', () => {
    const data = f32([2], [3, 4]);
    const external = externalInitializer('w', data, 'w.bin', 16);
    const bytes = modelBytes({ initializers: [external], nodes: [node('Neg', ['w'], ['y'])], outputs: ['y'] });
    const graph = importOnnx(bytes, {
      externalData: (location, offset, length) =>
        location === 'w.bin' && offset === 16 && length === 8 ? bytesOf(data.data) : new Uint8Array(),
    });
    expect(interpretGraph(graph, {})).toEqual({ y: f32([2], [-3, -4]) });
    expect(() => importOnnx(bytes)).toThrow('initializer "w": its data is in the file "w.bin", which was not given');
    expect(() => importOnnx(bytes, { externalData: () => new Uint8Array(3) })).toThrow(
      'needs 8 bytes at 16 of "w.bin", found 3',
    );
  });
});

describe('names', () => {
  test('may have any character', () => {
    const name = 'a/b:0 "q" %é\n';
    const bytes = modelBytes({
      inputs: [valueInfo(name, [1])],
      nodes: [node('Neg', [name], ['-> out'])],
      outputs: ['-> out'],
    });
    expect(interpretGraph(importOnnx(bytes), { [name]: f32([1], [2]) })).toEqual({ '-> out': f32([1], [-2]) });
  });
});

describe('functions', () => {
  const scale = functionProto(
    'Scale',
    ['a'],
    ['b'],
    [node('LeakyRelu', ['a'], ['b'], { alpha: { ref: 'slope' } })],
    ['slope'],
  );
  const twice = functionProto(
    'Twice',
    ['a'],
    ['c'],
    [node('Scale', ['a'], ['b'], { slope: { ref: 'slope' } }, { domain: 'local' }), node('Add', ['b', 'b'], ['c'])],
  );

  test('are inlined, with the attributes of the call', () => {
    const bytes = modelBytes({
      inputs: [valueInfo('x', [2])],
      functions: [scale, twice],
      nodes: [node('Twice', ['x'], ['y'], { slope: { float: 0.5 } }, { domain: 'local' })],
      outputs: ['y'],
    });
    expect(interpretGraph(importOnnx(bytes), { x: f32([2], [-1, 1]) })).toEqual({ y: f32([2], [-1, 2]) });
  });

  test('that call themselves are an error', () => {
    const endless = functionProto('F', ['a'], ['b'], [node('F', ['a'], ['b'], {}, { domain: 'local' })]);
    const bytes = modelBytes({
      inputs: [x],
      functions: [endless],
      nodes: [node('F', ['x'], ['y'], {}, { domain: 'local' })],
      outputs: ['y'],
    });
    expect(() => importOnnx(bytes)).toThrow('the function calls itself');
  });
});

test('only the branch that a known condition takes is imported', () => {
  const branch = (op: string) => graphProto({ nodes: [node(op, ['x'], ['r'])], outputs: ['r'] });
  const bytes = modelBytes({
    inputs: [valueInfo('x', [1]), valueInfo('c', [], Element.BOOL)],
    nodes: [node('If', ['c'], ['y'], { then_branch: branch('Neg'), else_branch: branch('NoSuchOperator') })],
    outputs: ['y'],
  });
  const condition = (value: number) => ({
    values: { c: { dtype: 'bool' as const, shape: [], data: Uint8Array.of(value) } },
  });
  const graph = importOnnx(bytes, condition(1));
  expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
  expect(interpretGraph(graph, { x: f32([1], [2]) })).toEqual({ y: f32([1], [-2]) });
  expect(() => importOnnx(bytes, condition(0))).toThrow(UnsupportedError);
  expect(unsupported(bytes)).toEqual(['If (node "y", opset 18): a condition that is not known at compile time']);
});

describe('what is not supported', () => {
  test('is reported whole, with operator, node, opset and what is missing', () => {
    const bytes = modelBytes({
      inputs: [x],
      nodes: [
        node('Frobnicate', ['x'], ['a'], {}, { name: 'first' }),
        node('Relu', ['a'], ['b'], { gain: 1 }),
        node('Neg', ['b'], ['c']),
        node('Custom', ['x'], ['d'], {}, { domain: 'local' }),
        node('Not', ['x'], ['e']),
        node('Cast', ['x'], ['f'], { to: Element.BFLOAT16 }),
      ],
      outputs: ['c', 'd', 'e', 'f'],
    });
    expect(unsupported(bytes)).toEqual([
      'Frobnicate (node "first", opset 18): the operator',
      'Relu (node "b", opset 18): attribute gain',
      'local.Custom (node "d", opset 1): the operator',
      'Not (node "e", opset 18): not on f32',
      'Cast (node "f", opset 18), attribute to: element type bfloat16',
    ]);
  });

  test.each([
    [5, 'opset 5: known are 6 to 26'],
    [99, 'opset 99: known are 6 to 26'],
  ])('opset %i', (opset, item) => {
    expect(
      unsupported(modelBytes({ opset, inputs: [x], nodes: [node('Relu', ['x'], ['y'])], outputs: ['y'] })),
    ).toEqual([item]);
  });

  test('element types that the compiler lacks', () => {
    const bytes = modelBytes({
      inputs: [valueInfo('x', [1], Element.STRING)],
      nodes: [node('Identity', ['x'], ['y']), node('Frobnicate', ['x'], ['z'])],
      outputs: ['y'],
    });
    expect(unsupported(bytes)).toEqual([
      'input "x": element type string',
      'Frobnicate (node "z", opset 18): the operator',
    ]);
  });
});

describe('an invalid model', () => {
  const relu = modelBytes({ inputs: [x], nodes: [node('Relu', ['x'], ['y'])], outputs: ['y'] });

  test.each([
    ['is empty', new Uint8Array(), 'the file is empty'],
    ['is text', new TextEncoder().encode('<!doctype html><html lang="en">'), 'not an ONNX model'],
    ['is another binary format', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), 'not an ONNX model'],
    ['holds no field that ONNX knows', Uint8Array.of(0xa2, 6, 1, 0), 'it has no IR version'],
    ['has no graph', relu.slice(0, 2), 'it has no graph'],
  ])('%s', (_, bytes, message) => {
    expect(() => importOnnx(bytes)).toThrow(OnnxImportError);
    expect(() => importOnnx(bytes)).toThrow(message);
  });

  test('is cut off anywhere', () => {
    for (let length = 0; length < relu.length; length++)
      expect(() => importOnnx(relu.slice(0, length))).toThrow(OnnxImportError);
  });

  test.each([
    [
      'a cycle',
      [node('Add', ['x', 'b'], ['a']), node('Neg', ['a'], ['b'])],
      'the graph has a cycle: Add "a" needs Neg "b" needs Add "a"',
    ],
    [
      'an unknown input',
      [node('Neg', ['nothing'], ['b'])],
      'Neg (node "b", opset 18): "nothing" is no input, initializer or output of a node',
    ],
    [
      'a value given twice',
      [node('Neg', ['x'], ['b']), node('Abs', ['x'], ['b'])],
      'two nodes give the value "b": Neg "b" and Abs "b"',
    ],
    ['a value that hides an input', [node('Neg', ['x'], ['x']), node('Neg', ['x'], ['b'])], 'cycle'],
    ['a missing operand', [node('Add', ['x'], ['b'])], 'Add (node "b", opset 18): input 1 is missing'],
    ['a missing attribute', [node('Concat', ['x'], ['b'])], 'attribute axis is missing'],
    [
      'an attribute of another type',
      [node('Concat', ['x'], ['b'], { axis: 'one' })],
      'attribute axis: expected INT, found STRING',
    ],
    ['an operator of a later opset', [node('Gelu', ['x'], ['b'])], 'the operator is new in opset 20'],
    ['an axis out of range', [node('Softmax', ['x'], ['b'], { axis: 2 })], 'axis 2 of 2 axes'],
    ['an output that is not there', [node('Neg', ['x'], ['a', 'b'])], 'the operator has no output 1'],
    [
      'a foreign domain that is not imported',
      [node('F', ['x'], ['b'], {}, { domain: 'far' })],
      'does not import the domain "far"',
    ],
  ])('has %s', (_, nodes, message) => {
    const bytes = modelBytes({ inputs: [x], nodes, outputs: ['b'] });
    expect(() => importOnnx(bytes)).toThrow(OnnxImportError);
    expect(() => importOnnx(bytes)).toThrow(message);
  });

  test('multiplies shapes or dtypes that do not fit', () => {
    const inputs = [valueInfo('a', [2, 3]), valueInfo('b', [4, 5]), valueInfo('c', [3, 5], Element.DOUBLE)];
    const product = (right: string) =>
      modelBytes({ inputs, nodes: [node('MatMul', ['a', right], ['y'])], outputs: ['y'] });
    expect(() => importOnnx(product('b'))).toThrow(/^MatMul \(node "y", opset 18\): /);
    expect(() => importOnnx(product('c'))).toThrow(OnnxImportError);
  });

  test('gives an output that no node computes', () => {
    const parts = { inputs: [x], nodes: [node('Relu', ['x'], ['y'])], outputs: ['z'] };
    expect(() => importOnnx(modelBytes(parts))).toThrow('output "z" is the name of no value');
  });
});

test('nodes may stand in any order', () => {
  const nodes = [node('Neg', ['b'], ['y']), node('Add', ['a', 'a'], ['b']), node('Abs', ['x'], ['a'])];
  const bytes = modelBytes({ inputs: [valueInfo('x', [1])], nodes, outputs: ['y'] });
  expect(interpretGraph(importOnnx(bytes), { x: f32([1], [-3]) })).toEqual({ y: f32([1], [-6]) });
});

test('the same bytes give the same graph', () => {
  const bytes = modelBytes({ inputs: [x], nodes: [node('Softmax', ['x'], ['y'])], outputs: ['y'] });
  expect(importOnnx(bytes)).toEqual(importOnnx(bytes));
});
