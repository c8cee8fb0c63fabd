import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  TensorProto_DataType as Element,
  type FunctionProto,
  FunctionProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  AttributeProto_AttributeType as Type,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { tensorToProto } from '../../../compiler/onnx/tensor.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';

/** Small ONNX models for tests, written as compactly as their text would be. */

type Attribute =
  | number
  | string
  | readonly number[]
  | TensorData
  | GraphProto
  | { readonly ref: string }
  | { readonly float: number };

function attribute(name: string, value: Attribute): AttributeProto {
  const make = (fields: object) => create(AttributeProtoSchema, { name, ...fields });
  if (typeof value === 'number') return make({ type: Type.INT, i: BigInt(value) });
  if (typeof value === 'string') return make({ type: Type.STRING, s: new TextEncoder().encode(value) });
  if (Array.isArray(value)) return make({ type: Type.INTS, ints: value.map(BigInt) });
  if ('ref' in value) return make({ type: Type.FLOAT, refAttrName: value.ref });
  if ('float' in value) return make({ type: Type.FLOAT, f: value.float });
  if ('data' in value) return make({ type: Type.TENSOR, t: tensorToProto('', value) });
  return make({ type: Type.GRAPH, g: value });
}

export interface NodeOptions {
  readonly name?: string;
  readonly domain?: string;
}

export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  options: NodeOptions = {},
): NodeProto {
  const attributeProtos = Object.entries(attributes).map(([name, value]) => attribute(name, value));
  return create(NodeProtoSchema, {
    opType,
    input: [...input],
    output: [...output],
    attribute: attributeProtos,
    ...options,
  });
}

export function valueInfo(
  name: string,
  shape: readonly (number | string)[] | undefined,
  elemType: number = Element.FLOAT,
): ValueInfoProto {
  const dim = shape?.map((size) =>
    typeof size === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(size) } }
      : size === '?'
        ? {}
        : { value: { case: 'dimParam' as const, value: size } },
  );
  const tensorType = dim === undefined ? { elemType } : { elemType, shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: tensorType } } });
}

export interface GraphParts {
  readonly nodes: readonly NodeProto[];
  readonly inputs?: readonly ValueInfoProto[];
  readonly outputs: readonly string[];
  readonly initializers?: readonly TensorProto[];
}

export const graphProto = ({ nodes, inputs = [], outputs, initializers = [] }: GraphParts): GraphProto =>
  create(GraphProtoSchema, {
    name: 'g',
    node: [...nodes],
    input: [...inputs],
    output: outputs.map((name) => create(ValueInfoProtoSchema, { name })),
    initializer: [...initializers],
  });

export const functionProto = (
  name: string,
  input: readonly string[],
  output: readonly string[],
  nodes: readonly NodeProto[],
  attributeNames: readonly string[] = [],
): FunctionProto =>
  create(FunctionProtoSchema, {
    name,
    domain: 'local',
    input: [...input],
    output: [...output],
    node: [...nodes],
    attribute: [...attributeNames],
    opsetImport: [
      { domain: '', version: 18n },
      { domain: 'local', version: 1n },
    ],
  });

export interface ModelParts extends GraphParts {
  readonly opset?: number;
  readonly irVersion?: number;
  readonly functions?: readonly FunctionProto[];
}

export function modelBytes({ opset = 18, irVersion = 9, functions = [], ...graph }: ModelParts): Uint8Array {
  // ONNX's own comes last, so that no file which is cut off is whole.
  const opsetImport = [
    { domain: 'local', version: 1n },
    { domain: '', version: BigInt(opset) },
  ];
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(irVersion),
      opsetImport,
      graph: graphProto(graph),
      functions: [...functions],
    }),
  );
}

export const f32 = (shape: readonly number[], values: readonly number[]): TensorData => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(values),
});

export const i64 = (shape: readonly number[], values: readonly number[]): TensorData => ({
  dtype: 'i64',
  shape,
  data: BigInt64Array.from(values, BigInt),
});

/** An initializer whose elements stand in a file beside the model. */
export function externalInitializer(name: string, data: TensorData, location: string, offset: number): TensorProto {
  const entries = { location, offset: String(offset), length: String(data.data.byteLength) };
  return create(TensorProtoSchema, {
    name,
    dims: data.shape.map(BigInt),
    dataType: tensorToProto('', data).dataType,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  });
}

export const initializer = (name: string, data: TensorData): TensorProto => tensorToProto(name, data);
