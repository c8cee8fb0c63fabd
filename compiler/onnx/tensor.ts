import { create } from '@bufbuild/protobuf';
import { type TensorProto, TensorProto_DataLocation, TensorProto_DataType, TensorProtoSchema } from 'onnx-buf';
import { byteSize, type DType } from '../../ir/dtype.ts';
import { OnnxImportError, UnsupportedError } from '../../ir/errors.ts';
import {
  arrayFromBytes,
  bytesOf,
  elementCount,
  newArray,
  type TensorData,
  type TypedArray,
} from '../../ir/tensor-data.ts';

/** Gives `length` bytes at `offset` of the file that a model names for the data of a large tensor. */
export type ExternalData = (location: string, offset: number, length: number) => Uint8Array;

const codes: Readonly<Record<DType, TensorProto_DataType>> = {
  f32: TensorProto_DataType.FLOAT,
  f16: TensorProto_DataType.FLOAT16,
  f64: TensorProto_DataType.DOUBLE,
  i8: TensorProto_DataType.INT8,
  u8: TensorProto_DataType.UINT8,
  i16: TensorProto_DataType.INT16,
  u16: TensorProto_DataType.UINT16,
  i32: TensorProto_DataType.INT32,
  u32: TensorProto_DataType.UINT32,
  i64: TensorProto_DataType.INT64,
  u64: TensorProto_DataType.UINT64,
  bool: TensorProto_DataType.BOOL,
};

const dtypeOfCode: ReadonlyMap<number, DType> = new Map(
  Object.entries(codes).map(([dtype, code]) => [code, dtype as DType]),
);

/** ONNX's own name of an element type, in lower case. */
export const elementTypeName = (code: number): string => TensorProto_DataType[code]?.toLowerCase() ?? `type ${code}`;

/** Throws UnsupportedError for the element types that ir/dtype.ts lacks. */
export function dtypeFromCode(code: number, place: string): DType {
  const dtype = dtypeOfCode.get(code);
  if (dtype !== undefined) return dtype;
  if (code === TensorProto_DataType.UNDEFINED) throw new OnnxImportError(`${place}: the element type is missing`);
  throw new UnsupportedError([`${place}: element type ${elementTypeName(code)}`]);
}

/**
 * The elements of a TensorProto, from whichever of its fields holds them. Throws OnnxImportError where their number is
 * not that of the shape, UnsupportedError for element types that ir/dtype.ts lacks.
 */
export function tensorFromProto(proto: TensorProto, place: string, externalData?: ExternalData): TensorData {
  const dtype = dtypeFromCode(proto.dataType, place);
  const shape = proto.dims.map(Number);
  if (shape.some((dim) => dim < 0))
    throw new OnnxImportError(`${place}: the shape [${shape}] has a negative dimension`);
  if (proto.segment !== undefined) throw new UnsupportedError([`${place}: data in segments`]);
  const count = elementCount(shape);
  const data = elements(proto, dtype, count, place, externalData);
  if (data.length !== count) {
    throw new OnnxImportError(`${place}: the shape [${shape}] needs ${count} elements, found ${data.length}`);
  }
  return { dtype, shape, data: dtype === 'bool' ? (data as Uint8Array).map((value) => (value ? 1 : 0)) : data };
}

function elements(
  proto: TensorProto,
  dtype: DType,
  count: number,
  place: string,
  externalData?: ExternalData,
): TypedArray {
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    return rawElements(externalBytes(proto, count * byteSize(dtype), place, externalData), dtype, place);
  }
  if (proto.rawData.length > 0) return rawElements(proto.rawData, dtype, place);
  const source = typedField(proto, dtype);
  const data = newArray(dtype, source.length);
  (data as { set(values: ArrayLike<number | bigint>): void }).set(source);
  return data;
}

function typedField(proto: TensorProto, dtype: DType): readonly (number | bigint)[] {
  switch (dtype) {
    case 'f32':
      return proto.floatData;
    case 'f64':
      return proto.doubleData;
    case 'i64':
      return proto.int64Data;
    case 'u64':
      return proto.uint64Data;
    case 'u32':
      return proto.uint64Data.map(Number);
    default:
      return proto.int32Data;
  }
}

function rawElements(bytes: Uint8Array, dtype: DType, place: string): TypedArray {
  if (bytes.length % byteSize(dtype) !== 0) {
    throw new OnnxImportError(`${place}: ${bytes.length} bytes of data are no whole number of ${dtype} elements`);
  }
  return arrayFromBytes(dtype, bytes);
}

function externalBytes(proto: TensorProto, expected: number, place: string, externalData?: ExternalData): Uint8Array {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location');
  if (location === undefined) throw new OnnxImportError(`${place}: external data without a location`);
  if (/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)/.test(location)) {
    throw new OnnxImportError(
      `${place}: the external data file ${JSON.stringify(location)} is outside of the model's folder`,
    );
  }
  if (externalData === undefined) {
    throw new OnnxImportError(`${place}: its data is in the file ${JSON.stringify(location)}, which was not given`);
  }
  const [offset, length] = [Number(entries.get('offset') ?? 0), Number(entries.get('length') ?? expected)];
  if (length !== expected)
    throw new OnnxImportError(`${place}: needs ${expected} bytes, its external data has ${length}`);
  const bytes = externalData(location, offset, length);
  if (bytes.length === expected) return bytes;
  throw new OnnxImportError(
    `${place}: needs ${expected} bytes at ${offset} of ${JSON.stringify(location)}, found ${bytes.length}`,
  );
}

/** A TensorProto that holds the elements as raw bytes. */
export function tensorToProto(name: string, { dtype, shape, data }: TensorData): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: codes[dtype],
    dims: shape.map(BigInt),
    rawData: bytesOf(data).slice(),
  });
}
