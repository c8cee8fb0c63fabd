import type { TensorData } from '../../ir/tensor-data.ts';
import { decodeTensorProto, encodeTensorProto } from '../onnx/decode.ts';
import { tensorFromProto, tensorToProto } from '../onnx/tensor.ts';

export interface NamedTensor {
  readonly name: string;
  readonly data: TensorData;
}

/** Reads a serialized ONNX TensorProto, the content of a `.pb` file. Throws OnnxImportError and UnsupportedError. */
export function readTensorProto(bytes: Uint8Array): NamedTensor {
  const proto = decodeTensorProto(bytes);
  return { name: proto.name, data: tensorFromProto(proto, `tensor ${JSON.stringify(proto.name)}`) };
}

export const writeTensorProto = (name: string, data: TensorData): Uint8Array =>
  encodeTensorProto(tensorToProto(name, data));
