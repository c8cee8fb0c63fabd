import { byteSize, type DType } from '../../ir/dtype.ts';
import { CompilerError, UnsupportedError } from '../../ir/errors.ts';
import {
  arrayFromBytes,
  bytesOf,
  elementCount,
  newArray,
  type TensorData,
  type TypedArray,
} from '../../ir/tensor-data.ts';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const descriptors: Readonly<Record<DType, string>> = {
  f32: '<f4',
  f16: '<f2',
  f64: '<f8',
  i8: '|i1',
  u8: '|u1',
  i16: '<i2',
  u16: '<u2',
  i32: '<i4',
  u32: '<u4',
  i64: '<i8',
  u64: '<u8',
  bool: '|b1',
};

/**
 * Reads NumPy's file format, versions 1 to 3 (numpy.lib.format), either byte and memory order. Throws CompilerError
 * where the bytes are no such file, UnsupportedError for element types that ir/dtype.ts lacks.
 */
export function readNpy(bytes: Uint8Array): TensorData {
  if (!magic.every((byte, i) => bytes[i] === byte))
    throw new CompilerError('not a .npy file: it does not start with \\x93NUMPY');
  const { text, end } = headerOf(bytes);
  const descriptor = field(text, /'descr'\s*:\s*'([^']*)'/, 'descr');
  const fortran = field(text, /'fortran_order'\s*:\s*(True|False)/, 'fortran_order') === 'True';
  const shape = field(text, /'shape'\s*:\s*\(([^)]*)\)/, 'shape')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  const dtype = dtypeOf(descriptor);
  const length = elementCount(shape) * byteSize(dtype);
  // A copy: Buffer.slice would be a view.
  const body = new Uint8Array(bytes.subarray(end));
  if (body.length !== length)
    throw new CompilerError(`.npy file: the shape (${shape}) of ${dtype} needs ${length} bytes, found ${body.length}`);
  if (descriptor.startsWith('>')) swapBytes(body, byteSize(dtype));
  const data = arrayFromBytes(dtype, body);
  return { dtype, shape, data: fortran ? rowMajor(dtype, shape, data) : data };
}

/** Writes version 1 of the format, little endian, row-major, the data aligned to 64 bytes. */
export function writeNpy({ dtype, shape, data }: TensorData): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${descriptors[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = Math.ceil((magic.length + 4 + dictionary.length + 1) / 64) * 64;
  const header = `${dictionary.padEnd(start - magic.length - 5)}\n`;
  const file = new Uint8Array(start + data.byteLength);
  file.set([...magic, 1, 0, header.length & 0xff, header.length >> 8]);
  file.set(new TextEncoder().encode(header), magic.length + 4);
  file.set(bytesOf(data), start);
  return file;
}

function headerOf(bytes: Uint8Array): { readonly text: string; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[magic.length] ?? 0;
  if (major < 1 || major > 3) throw new UnsupportedError([`.npy file: version ${major} of the format`]);
  const start = magic.length + (major === 1 ? 4 : 6);
  if (bytes.length < start) throw new CompilerError('.npy file: the header was cut off');
  const end = start + (major === 1 ? view.getUint16(magic.length + 2, true) : view.getUint32(magic.length + 2, true));
  if (bytes.length < end) throw new CompilerError('.npy file: the header was cut off');
  return { text: new TextDecoder().decode(bytes.subarray(start, end)), end };
}

function field(header: string, pattern: RegExp, name: string): string {
  const found = pattern.exec(header)?.[1];
  if (found === undefined)
    throw new CompilerError(`.npy file: the header has no '${name}' that can be read: ${header.trim()}`);
  return found;
}

function dtypeOf(descriptor: string): DType {
  const plain = (text: string) => text.replace(/^[<>|=]/, '');
  const found = Object.entries(descriptors).find(([, text]) => plain(text) === plain(descriptor));
  if (found === undefined) throw new UnsupportedError([`.npy file: element type '${descriptor}'`]);
  return found[0] as DType;
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

function rowMajor(dtype: DType, shape: readonly number[], columns: TypedArray): TypedArray {
  const result = newArray(dtype, columns.length);
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  for (let i = 0; i < result.length; i++) {
    let rest = i;
    let source = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const dim = shape[axis] as number;
      source += (rest % dim) * (strides[axis] as number);
      rest = Math.floor(rest / dim);
    }
    result[i] = columns[source] as never;
  }
  return result;
}
