import type { Helper, Types } from './helper.ts';

type Integer = 'i32' | 'u32';

/** Division by zero gives 0, where WGSL gives the dividend or its remainder. */
const divided = (type: Integer, symbol: '/' | '%'): Helper => ({
  params: 'a, b',
  type,
  body: (t) => [`return select(a ${symbol} b, ${t.type}(), b == ${t.type}());`],
});

/** Whether a remainder has another sign than the divisor. */
const isBelow = (rest: string, { type }: Types): string =>
  `(${rest} != ${type}()) & ((${rest} < ${type}()) != (b < ${type}()))`;

const floored: Readonly<Record<'floordiv' | 'floormod', Helper>> = {
  floordiv: {
    params: 'a, b',
    type: 'i32',
    body: (t) => [
      'let quotient = a / b;',
      `let floored = select(quotient, quotient - ${t.splat('1')}, ${isBelow('(a % b)', t)});`,
      `return select(floored, ${t.type}(), b == ${t.type}());`,
    ],
  },
  floormod: {
    params: 'a, b',
    type: 'i32',
    body: (t) => [
      'let rest = a % b;',
      `let floored = select(rest, rest + b, ${isBelow('rest', t)});`,
      `return select(floored, ${t.type}(), b == ${t.type}());`,
    ],
  },
};

/** A shift by 32 or more, or less than 0, gives 0; of WGSL's, only the lowest five bits count. */
const shl = (type: Integer): Helper => ({
  params: 'a, b',
  type,
  body: ({ type: t, of, splat }) => {
    const by = type === 'u32' ? 'b' : `${of('u32')}(b)`;
    return [`return select(a << (${by} & ${splat('31u', 'u32')}), ${t}(), ${by} >= ${splat('32u', 'u32')});`];
  },
});

/** The same to the right, where it gives the sign of what has one. */
const shr = (type: Integer): Helper => ({
  params: 'a, b',
  type,
  body: ({ type: t, of, splat }) =>
    type === 'u32'
      ? [`return select(a >> (b & ${splat('31u')}), ${t}(), b >= ${splat('32u')});`]
      : [`return a >> min(${of('u32')}(b), ${splat('31u', 'u32')});`],
});

/** By squaring, modulo 2^32. A negative exponent gives what C's conversion of the real power gives: 0, or ±1 of ±1. */
const pow = (type: Integer): Helper => ({
  params: 'a, b',
  type,
  isByLane: true,
  body: () => [
    ...(type === 'i32' ? ['if (b < 0) {', '  return select(0, select(1, a, (b & 1) != 0), abs(a) == 1);', '}'] : []),
    `var power = ${type}(1);`,
    'var square = a;',
    `for (var rest = ${type === 'i32' ? 'u32(b)' : 'b'}; rest != 0u; rest >>= 1u) {`,
    '  power = select(power, power * square, (rest & 1u) != 0u);',
    '  square *= square;',
    '}',
    'return power;',
  ],
});

export const integerHelpers = {
  div_i32: divided('i32', '/'),
  div_u32: divided('u32', '/'),
  mod_i32: divided('i32', '%'),
  mod_u32: divided('u32', '%'),
  floordiv_i32: floored.floordiv,
  floordiv_u32: divided('u32', '/'),
  floormod_i32: floored.floormod,
  floormod_u32: divided('u32', '%'),
  shl_i32: shl('i32'),
  shl_u32: shl('u32'),
  shr_i32: shr('i32'),
  shr_u32: shr('u32'),
  pow_i32: pow('i32'),
  pow_u32: pow('u32'),
} as const satisfies Readonly<Record<string, Helper>>;
