import { type AttributeProto, type GraphProto, type NodeProto, AttributeProto_AttributeType as Type } from 'onnx-buf';
import type { DType } from '../../ir/dtype.ts';
import { OnnxImportError, UnsupportedError } from '../../ir/errors.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { knownDims, knownIntegers, type Operand } from './operand.ts';
import { dtypeFromCode, type ExternalData, tensorFromProto } from './tensor.ts';

/**
 * One node of an ONNX graph as an operator's row sees it: operands, attributes by type, and ways to refuse. An accessor
 * throws OnnxImportError where an operand or attribute is missing or has another type than the operator gives it.
 */
export interface OnnxNode {
  readonly type: string;
  /** How messages call it: the operator, the node's name and the version of the operator set. */
  readonly place: string;
  readonly opset: number;
  readonly inputs: readonly (Operand | undefined)[];
  readonly outputCount: number;
  /** Whether the node gives its i-th output a name. */
  wants(i: number): boolean;
  has(attribute: string): boolean;
  input(i: number): Operand;
  optional(i: number): Operand | undefined;
  /** All operands of a variadic operator. */
  variadic(): readonly Operand[];
  int(attribute: string, fallback?: number): number;
  ints(attribute: string): readonly number[] | undefined;
  float(attribute: string, fallback?: number): number;
  floats(attribute: string): readonly number[] | undefined;
  string(attribute: string, fallback?: string): string;
  tensor(attribute: string): TensorData | undefined;
  /** A dtype given by its number in TensorProto. */
  dtype(attribute: string): DType | undefined;
  graph(attribute: string): GraphProto;
  /** The integers of an operand that has to be known at compile time; refuses where it is not. */
  constantInts(i: number, what: string): readonly number[];
  /** The elements of an operand that has to be known but for symbols; refuses where it is not. */
  dims(i: number, what: string): NonNullable<ReturnType<typeof knownDims>>;
  /** Imports a graph attribute in the node's scope: its outputs. */
  importGraph(graph: GraphProto): readonly Operand[];
  /** Says what of the node is not supported. */
  refuse(what: string): never;
  /** Says what of the node contradicts ONNX. */
  fail(what: string): never;
}

export interface NodeContext {
  readonly proto: NodeProto;
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  readonly opset: number;
  readonly inputs: readonly (Operand | undefined)[];
  readonly externalData: ExternalData | undefined;
  readonly importGraph: (graph: GraphProto) => readonly Operand[];
}

export function placeOf(proto: NodeProto, opset: number): string {
  const domain = proto.domain === '' || proto.domain === 'ai.onnx' ? '' : `${proto.domain}.`;
  const name = proto.name || proto.output.find((output) => output !== '') || '';
  return `${domain}${proto.opType} (node ${JSON.stringify(name)}, opset ${opset})`;
}

export function onnxNode(context: NodeContext): OnnxNode {
  const { proto, attributes, opset, inputs, externalData, importGraph } = context;
  const place = placeOf(proto, opset);

  const fail = (what: string): never => {
    throw new OnnxImportError(`${place}: ${what}`);
  };
  const refuse = (what: string): never => {
    throw new UnsupportedError([what]);
  };

  function attribute<T>(name: string, type: Type, get: (proto: AttributeProto) => T): T | undefined {
    const found = attributes.get(name);
    if (found === undefined) return undefined;
    // Files of the first IR versions leave the type out.
    if (found.type !== Type.UNDEFINED && found.type !== type)
      fail(`attribute ${name}: expected ${Type[type]}, found ${Type[found.type]}`);
    return get(found);
  }

  function given<T>(name: string, value: T | undefined, fallback: T | undefined): T {
    return value ?? fallback ?? fail(`attribute ${name} is missing`);
  }

  const optional = (i: number) => inputs[i];
  const input = (i: number): Operand => inputs[i] ?? fail(`input ${i} is missing`);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const what = (name: string) => `${place}, attribute ${name}`;

  return {
    type: proto.opType,
    place,
    opset,
    inputs,
    outputCount: proto.output.length,
    wants: (i) => (proto.output[i] ?? '') !== '',
    has: (name) => attributes.has(name),
    input,
    optional,
    variadic: () => inputs.map((_, i) => input(i)),
    int: (name, fallback) =>
      given(
        name,
        attribute(name, Type.INT, ({ i }) => Number(i)),
        fallback,
      ),
    ints: (name) => attribute(name, Type.INTS, ({ ints }) => ints.map(Number)),
    float: (name, fallback) =>
      given(
        name,
        attribute(name, Type.FLOAT, ({ f }) => f),
        fallback,
      ),
    floats: (name) => attribute(name, Type.FLOATS, ({ floats }) => floats),
    string: (name, fallback) =>
      given(
        name,
        attribute(name, Type.STRING, ({ s }) => text(s)),
        fallback,
      ),
    tensor: (name) =>
      attribute(name, Type.TENSOR, ({ t }) => (t ? tensorFromProto(t, what(name), externalData) : undefined)),
    dtype: (name) => attribute(name, Type.INT, ({ i }) => dtypeFromCode(Number(i), what(name))),
    graph: (name) =>
      given(
        name,
        attribute(name, Type.GRAPH, ({ g }) => g),
        undefined,
      ),
    constantInts: (i, name) => knownIntegers(input(i)) ?? refuse(`${name} that is not known at compile time`),
    dims: (i, name) => knownDims(input(i)) ?? refuse(`${name} that is not known at compile time`),
    importGraph,
    refuse,
    fail,
  };
}
