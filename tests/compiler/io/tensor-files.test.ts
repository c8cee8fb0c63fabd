import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readNpy, writeNpy } from '../../../compiler/io/npy.ts';
import { readTensorProto, writeTensorProto } from '../../../compiler/io/tensor-proto.ts';
import { byteSize, dtypes } from '../../../ir/dtype.ts';
import { CompilerError, OnnxImportError, UnsupportedError } from '../../../ir/errors.ts';
import { arrayFromBytes, elementCount, type TensorData } from '../../../ir/tensor-data.ts';

const tensor: fc.Arbitrary<TensorData> = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 4 }))
  .chain(([dtype, shape]) => {
    const length = elementCount(shape) * byteSize(dtype);
    const byte = dtype === 'bool' ? fc.nat(1) : fc.nat(255);
    return fc
      .array(byte, { minLength: length, maxLength: length })
      .map((bytes) => ({ dtype, shape, data: arrayFromBytes(dtype, Uint8Array.from(bytes)) }));
  });

const header = (dictionary: string, major = 1) => {
  const text = new TextEncoder().encode(`${dictionary}\n`);
  return Uint8Array.of(
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    major,
    0,
    text.length,
    0,
    ...(major > 1 ? [0, 0] : []),
    ...text,
  );
};
const file = (dictionary: string, body: readonly number[], major = 1) =>
  Uint8Array.of(...header(dictionary, major), ...body);

describe('files of tensors', () => {
  test('give back what was written', () => {
    fc.assert(
      fc.property(tensor, fc.string(), (data, name) => {
        expect(readNpy(writeNpy(data))).toEqual(data);
        expect(readTensorProto(writeTensorProto(name, data))).toEqual({ name, data });
      }),
    );
  });

  test('may stand anywhere in a buffer', () => {
    const data: TensorData = { dtype: 'f64', shape: [2], data: Float64Array.of(1.5, -2) };
    for (const [write, read] of [
      [writeNpy, readNpy],
      [(value: TensorData) => writeTensorProto('x', value), (bytes: Uint8Array) => readTensorProto(bytes).data],
    ] as const) {
      expect(read(Buffer.from([0, ...write(data)]).subarray(1))).toEqual(data);
    }
  });
});

describe('a .npy file', () => {
  test('may be big endian, in Fortran order, and of version 2', () => {
    const dictionary = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }";
    const bytes = file(dictionary, [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6], 2);
    expect(readNpy(bytes)).toEqual({ dtype: 'i16', shape: [2, 3], data: Int16Array.of(1, 2, 3, 4, 5, 6) });
  });

  test('has its data aligned to 64 bytes', () => {
    const bytes = writeNpy({ dtype: 'u8', shape: [1], data: Uint8Array.of(7) });
    expect(bytes.length % 64).toBe(1);
    expect(new TextDecoder().decode(bytes.subarray(10, 90))).toMatch(
      /^\{'descr': '\|u1', 'fortran_order': False, 'shape': \(1,\), \}/,
    );
  });

  test.each([
    ['no .npy file', Uint8Array.of(1, 2, 3), CompilerError, 'not a .npy file'],
    ['a cut off header', header("{'descr'").slice(0, 12), CompilerError, 'the header was cut off'],
    ['a header without a shape', file("{'descr': '<f4', 'fortran_order': False}", []), CompilerError, "no 'shape'"],
    [
      'missing data',
      file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", [0]),
      CompilerError,
      'needs 8 bytes, found 1',
    ],
    [
      'strings',
      file("{'descr': '<U4', 'fortran_order': False, 'shape': ()}", []),
      UnsupportedError,
      "element type '<U4'",
    ],
    ['a later version', header('', 9), UnsupportedError, 'version 9'],
  ])('with %s is refused', (_, bytes, kind, message) => {
    expect(() => readNpy(bytes)).toThrow(kind);
    expect(() => readNpy(bytes)).toThrow(message);
  });
});

describe('a TensorProto', () => {
  test.each([
    ['nothing', new Uint8Array()],
    ['what is cut off', writeTensorProto('x', { dtype: 'f32', shape: [2], data: Float32Array.of(1, 2) }).slice(0, -1)],
  ])('of %s is refused', (_, bytes) => expect(() => readTensorProto(bytes)).toThrow(OnnxImportError));
});
