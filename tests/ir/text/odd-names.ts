import fc from 'fast-check';
import { affineDim, type Dim, type Shape } from '../../../ir/dim.ts';
import { type Choices, choicesFrom } from '../../generators/random.ts';

/** Names that a printer could get wrong: words of the syntax, numbers, quotes, unicode, half of a surrogate pair. */
const oddNames = [
  ...['x', 'i', 'for', 'in', 'seq', 'true', 'nan', 'inff32', 'nanf16', 'f32x4', 'min', 'base64', 'x.y', '_', ''],
  ...[
    'a b',
    '3',
    '0.5f32',
    'a"b',
    '\\',
    '\n',
    '\r\n\t',
    '#',
    '%x',
    '@f',
    '{',
    '+-',
    '☃',
    'é',
    '\u2028',
    '\ud800',
    '😀',
  ],
  ...['__proto__', 'constructor', 'toString', '0'],
];

/** Choices, and names that no one has used of those that fast-check and the list above offer. */
export interface Draw extends Choices {
  /** Any name, one of them or another. */
  readonly name: () => string;
  /** A name that `taken` has not; adds it. */
  readonly fresh: (taken: Set<string>) => string;
}

export const arbitraryDraw: fc.Arbitrary<Draw> = fc
  .record({
    numbers: fc.array(fc.nat(255), { minLength: 100, maxLength: 600, size: 'max' }),
    words: fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), { minLength: 1, maxLength: 5 }),
  })
  .map(({ numbers, words }) => {
    const choices = choicesFrom(numbers);
    const name = (): string => choices.pick(choices.chance(4) ? words : oddNames);
    const fresh = (taken: Set<string>): string => {
      const base = name();
      let found = base;
      for (let i = 1; taken.has(found); i++) found = `${base}_${i}`;
      taken.add(found);
      return found;
    };
    return { ...choices, name, fresh };
  });

/** The same items each time a few of them, none at the end of the choices. */
export const several = <T>(draw: Choices, most: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length: draw.below(most + 1) }, (_, i) => make(i));

export function randomDim(draw: Draw): Dim {
  const constant = draw.below(7);
  if (!draw.chance(3)) return constant;
  const terms = several(draw, 3, () => ({ symbol: draw.name(), coefficient: draw.below(7) - 3 }));
  return affineDim(draw.pick([0, constant, -constant - 1]), terms);
}

export const randomShape = (draw: Draw): Shape => several(draw, 3, () => randomDim(draw));
