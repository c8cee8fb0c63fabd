import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, type ModelProto, ModelProtoSchema, type TensorProto, TensorProtoSchema } from 'onnx-buf';
import { OnnxImportError } from '../../ir/errors.ts';

/** An ONNX model that is known to hold a graph and to name its operator set. */
export interface OnnxModel {
  readonly proto: ModelProto;
  readonly graph: GraphProto;
}

/** Throws OnnxImportError where the bytes are no ONNX model: empty, cut off, another format, or without a graph. */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  if (bytes.length === 0) throw new OnnxImportError('not an ONNX model: the file is empty');
  const proto = decode(ModelProtoSchema, bytes, 'an ONNX model');
  // Protocol buffers skip fields that they don't know: another format may well decode, to a model without content.
  if (proto.irVersion <= 0n) throw new OnnxImportError('not an ONNX model: it has no IR version');
  if (proto.graph === undefined) throw new OnnxImportError('not a whole ONNX model: it has no graph');
  if (proto.opsetImport.length === 0) throw new OnnxImportError('not a whole ONNX model: it names no operator set');
  return { proto, graph: proto.graph };
}

/** Throws OnnxImportError where the bytes are no serialized TensorProto. */
export function decodeTensorProto(bytes: Uint8Array): TensorProto {
  if (bytes.length === 0) throw new OnnxImportError('not an ONNX tensor: the file is empty');
  return decode(TensorProtoSchema, bytes, 'an ONNX tensor');
}

export const encodeTensorProto = (proto: TensorProto): Uint8Array => toBinary(TensorProtoSchema, proto);

function decode<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array, what: string): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OnnxImportError(`not ${what}, or one that was cut off: ${reason}`, { cause: error });
  }
}
