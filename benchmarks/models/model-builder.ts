import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as Element,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { tensorToProto } from '../../compiler/onnx/tensor.ts';
import { elementCount, type TensorData } from '../../ir/tensor-data.ts';
import { randomFloats, randomStream } from './random.ts';

/** A whole number is an ONNX int, another one a float. */
type Attribute = number | string | readonly number[];

const ELEMENTS = { f32: Element.FLOAT, i64: Element.INT64 } as const;

/** Writes an ONNX model node by node, in the order of use. Values are named by strings. */
export interface ModelBuilder {
  input(name: string, dtype: keyof typeof ELEMENTS, shape: readonly number[]): string;
  constant(data: TensorData): string;
  /** Random f32 weights of mean 0; the same for the same model at each build. */
  weights(shape: readonly number[], deviation: number): string;
  /** The node's only output. */
  node(opType: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string;
  /** The model's bytes, with one output of f32. */
  finish(output: string, shape: readonly number[]): Uint8Array;
}

const OPSET = 20n;
const IR_VERSION = 9n;

export function buildModel(name: string): ModelBuilder {
  const next = randomStream(1);
  const inputs: ValueInfoProto[] = [];
  const initializers: TensorProto[] = [];
  const nodes: NodeProto[] = [];

  const constant = (data: TensorData): string => {
    const constantName = `c${initializers.length}`;
    initializers.push(tensorToProto(constantName, data));
    return constantName;
  };
  return {
    input(inputName, dtype, shape) {
      inputs.push(valueInfo(inputName, ELEMENTS[dtype], shape));
      return inputName;
    },
    constant,
    weights: (shape, deviation) =>
      constant({ dtype: 'f32', shape, data: randomFloats(next, elementCount(shape), deviation) }),
    node(opType, operands, attributes = {}) {
      const output = `v${nodes.length}`;
      const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
      nodes.push(create(NodeProtoSchema, { opType, input: [...operands], output: [output], attribute }));
      return output;
    },
    finish(output, shape) {
      const graph = {
        name,
        input: inputs,
        output: [valueInfo(output, Element.FLOAT, shape)],
        initializer: initializers,
        node: nodes,
      };
      const opsetImport = [{ domain: '', version: OPSET }];
      return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: IR_VERSION, opsetImport, graph }));
    },
  };
}

export const scalar = (value: number): TensorData => ({ dtype: 'f32', shape: [], data: Float32Array.of(value) });

export const integers = (values: readonly number[]): TensorData => ({
  dtype: 'i64',
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

function attributeProto(name: string, value: Attribute): AttributeProto {
  const make = (fields: object) => create(AttributeProtoSchema, { name, ...fields });
  if (typeof value === 'string') return make({ type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  if (typeof value !== 'number') return make({ type: AttributeType.INTS, ints: value.map(BigInt) });
  if (Number.isInteger(value)) return make({ type: AttributeType.INT, i: BigInt(value) });
  return make({ type: AttributeType.FLOAT, f: value });
}

function valueInfo(name: string, elemType: Element, shape: readonly number[]): ValueInfoProto {
  const dim = shape.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } },
  });
}
