import { type Helper, isNan } from './helper.ts';

/** The bits of what no constant expression of WGSL may be, from a variable that no compiler looks into. */
const special = (bits: string): Helper => ({
  params: '',
  type: 'f32',
  body: () => [`return bitcast<f32>(${bits});`],
});

/** WGSL's own may give either operand where one is NaN. */
const extremum = (name: 'min' | 'max'): Helper => ({
  params: 'a, b',
  type: 'f32',
  body: (t) => [`return select(select(${name}(a, b), b, ${isNan('b', t)}), a, ${isNan('a', t)});`],
});

/** The function, but where x is NaN. Other operands are none. */
const keepingNan = (value: string, params: Helper['params'] = 'x'): Helper => ({
  params,
  type: 'f32',
  body: (t) => [`return select(${value}, x, ${isNan('x', t)});`],
});

/** A conversion that truncates and saturates; WGSL's ends at the greatest f32 below the limit, and leaves NaN open. */
const truncation = (result: 'i32' | 'u32', limit: string, most: string): Helper => ({
  params: 'x',
  type: 'f32',
  result,
  body: (t) => [
    `let truncated = select(${t.of(result)}(x), ${t.splat(most, result)}, x >= ${t.splat(limit)});`,
    `return select(truncated, ${t.splat(result === 'i32' ? '0' : '0u', result)}, ${isNan('x', t)});`,
  ],
});

export const floatHelpers = {
  infinity: special('infinity_bits'),
  not_a_number: special('not_a_number_bits'),
  min_f32: extremum('min'),
  max_f32: extremum('max'),
  at_most_f32: keepingNan('min(x, bound)', 'x, bound'),
  at_least_f32: keepingNan('max(x, bound)', 'x, bound'),
  between_f32: keepingNan('min(max(x, low), high)', 'x, low, high'),
  sign_f32: keepingNan('sign(x)'),
  exp_f32: keepingNan('exp(x)'),
  /** Anything may come out of WGSL's own where x is not positive, or infinite. */
  log_f32: {
    params: 'x',
    type: 'f32',
    body: (t) => [
      `let bits = bitcast<${t.of('i32')}>(x);`,
      `let ordinary = select(log(x), x, bits >= ${t.splat('0x7f800000', 'i32')});`,
      `let negative = select(ordinary, ${t.splat('bitcast<f32>(not_a_number_bits)')}, bits < ${t.splat('0', 'i32')});`,
      `return select(negative, -${t.splat('bitcast<f32>(infinity_bits)')}, (bits & ${t.splat('0x7fffffff', 'i32')}) == ${t.splat('0', 'i32')});`,
    ],
  },
  tanh_f32: {
    params: 'x',
    type: 'f32',
    // Beyond this tanh is 1, while its parts may overflow where a driver computes it by exponentials.
    body: (t) => [`return select(tanh(clamp(x, ${t.splat('-10.0f')}, ${t.splat('10.0f')})), x, ${isNan('x', t)});`],
  },
  trunc_i32: truncation('i32', '2147483648.0f', '2147483647'),
  trunc_u32: truncation('u32', '4294967296.0f', '4294967295u'),
  /** To nearest, ties to even; WGSL's quantizeToF16 may truncate, and may flush what is subnormal. */
  round_f16: {
    params: 'x',
    type: 'f32',
    body: ({ type, of, splat }) => {
      const unsigned = of('u32');
      const bits = (value: string): string => splat(value, 'u32');
      return [
        `let bits = bitcast<${unsigned}>(x);`,
        `let magnitude = bits & ${bits('0x7fffffffu')};`,
        `let normal = (magnitude + ${bits('0xfffu')} + ((magnitude >> ${bits('13u')}) & ${bits('1u')})) & ${bits('0xffffe000u')};`,
        `let large = select(normal, ${bits('0x7f800000u')}, normal >= ${bits('0x47800000u')});`,
        `let small = bitcast<${unsigned}>(round(abs(x) * ${splat('16777216.0f')}) * ${splat('5.9604644775390625e-8f')});`,
        `let finite = select(large, small, magnitude < ${bits('0x38800000u')});`,
        `let rounded = select(finite, magnitude, magnitude > ${bits('0x7f800000u')});`,
        `return bitcast<${type}>(rounded | (bits & ${bits('0x80000000u')}));`,
      ];
    },
  },
  /**
   * The exact remainder of C's fmod, by long division: takes from |a| the greatest |b|·2^k that fits, until |a| < |b|.
   * WGSL's own is a - b·trunc(a / b), which is off by b where the quotient was rounded.
   */
  mod_f32: {
    params: 'a, b',
    type: 'f32',
    isByLane: true,
    body: () => [
      'let divisor = bitcast<u32>(b) & 0x7fffffffu;',
      'var rest = bitcast<u32>(a) & 0x7fffffffu;',
      'if (rest >= 0x7f800000u || divisor == 0u || divisor > 0x7f800000u) {',
      '  return bitcast<f32>(not_a_number_bits);',
      '}',
      '// A driver may take what is subnormal for 0.',
      'if (divisor < 0x800000u) {',
      '  return 0.0f;',
      '}',
      'while (rest >= divisor) {',
      '  let multiple = (rest & 0x7f800000u) | (divisor & 0x7fffffu);',
      '  let fitting = multiple - select(0u, 0x800000u, multiple > rest);',
      '  rest = bitcast<u32>(bitcast<f32>(rest) - bitcast<f32>(fitting));',
      '}',
      'return bitcast<f32>(rest | (bitcast<u32>(a) & 0x80000000u));',
    ],
  },
  floormod_f32: {
    params: 'a, b',
    type: 'f32',
    isByLane: true,
    calls: ['mod_f32'],
    body: () => [
      'let rest = mod_f32(a, b);',
      'return select(rest, rest + b, rest != 0.0f && (rest < 0.0f) != (b < 0.0f));',
    ],
  },
  /** The quotient itself may be rounded to the integer above. By an infinite divisor the remainder is one as well, or NaN. */
  floordiv_f32: {
    params: 'a, b',
    type: 'f32',
    isByLane: true,
    calls: ['floormod_f32'],
    body: () => [
      'let rest = floormod_f32(a, b);',
      'return select(round((a - rest) / b), floor(a / b), (bitcast<u32>(rest) & 0x7f800000u) == 0x7f800000u);',
    ],
  },
} as const satisfies Readonly<Record<string, Helper>>;
