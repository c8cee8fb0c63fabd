import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../../../../compiler/tune/measure/browser/encoding.ts';

const array = fc.oneof(
  fc.float32Array(),
  fc.float64Array(),
  fc.int8Array(),
  fc.uint8Array(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
);

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    array,
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('what is encoded comes back, arrays with buffers of their own', () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(decode(encode(given))).toEqual(given);
    }),
  );
  const [first, second] = decode(encode([new Uint8Array(3), Float64Array.of(1, 2)])) as [Uint8Array, Float64Array];
  expect([first.buffer.byteLength, second.buffer.byteLength]).toEqual([3, 16]);
});

test('a part of a buffer is encoded without the rest of it', () => {
  const part = new Uint16Array(Uint16Array.of(1, 2, 3, 4).buffer, 2, 2);
  expect(decode(encode({ part }))).toEqual({ part: Uint16Array.of(2, 3) });
});
