// Values of JSON and typed arrays as bytes: the length of the JSON as an unsigned 32-bit integer, little-endian; the JSON,
// in which `{ "$array": [TYPE, OFFSET, BYTES] }` stands for an array; the bytes of the arrays. Needs nothing of Node.

const arrays = {
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
} as const;

interface ArrayPlace {
  readonly $array: readonly [type: keyof typeof arrays, offset: number, bytes: number];
}

export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const json = JSON.stringify(value, (_, part: unknown) => {
    if (!ArrayBuffer.isView(part)) return part;
    const place = { $array: [part.constructor.name, size, part.byteLength] };
    parts.push(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    size += part.byteLength;
    return place;
  });
  const head = new TextEncoder().encode(json);
  const bytes = new Uint8Array(4 + head.length + size);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  let at = 4 + head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The value, whose arrays own their buffers. */
export function decode({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): unknown {
  // A plain view, whatever was given: a part of a Buffer of Node's would be no copy.
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const length = new DataView(buffer, byteOffset).getUint32(0, true);
  const [head, body] = [bytes.subarray(4, 4 + length), bytes.subarray(4 + length)];
  return JSON.parse(new TextDecoder().decode(head), (_, part: unknown) => {
    if (!isArrayPlace(part)) return part;
    const [type, offset, size] = part.$array;
    return new arrays[type](body.slice(offset, offset + size).buffer);
  });
}

const isArrayPlace = (part: unknown): part is ArrayPlace =>
  typeof part === 'object' && part !== null && '$array' in part;
