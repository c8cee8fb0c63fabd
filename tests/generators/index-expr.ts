import * as fc from 'fast-check';
import type { BinaryOp } from '../../ir/scalar.ts';
import type { Ranges } from '../../ir/tensor/bounds.ts';
import { binary, bool, buffer, int, load, select, unary, variable } from '../../ir/tensor/build.ts';
import type { Buffer, Expr } from '../../ir/tensor/tensor-func.ts';
import { type Choices, choicesFrom } from './random.ts';

/** The variables of random index expressions, with their ranges. */
export const indexRanges: Ranges = new Map([
  ['i', { min: 0, max: 3 }],
  ['j', { min: 0, max: 7 }],
  ['k', { min: -5, max: 9 }],
  ['n', { min: 1, max: 1000 }],
]);

/** Holds four elements of data, any i32. */
export const dataBuffer: Buffer = buffer('data', 'i32', [4]);

export interface IndexExprOptions {
  /** Whether elements of `dataBuffer` occur besides the variables. */
  readonly data: boolean;
}

/** Random i32 (or bool) scalars of the operations that simplification knows. */
export function arbitraryIndexExpr(dtype: 'i32' | 'bool', { data }: IndexExprOptions): fc.Arbitrary<Expr> {
  return fc
    .record({
      depth: fc.integer({ min: 1, max: 5 }),
      numbers: fc.array(fc.nat(255), { minLength: 20, maxLength: 120 }),
    })
    .map(({ depth, numbers }) => {
      const random: Source = { choices: choicesFrom(numbers), variables: [...indexRanges.keys()], data };
      return dtype === 'i32' ? randomIndex(random, depth) : randomCondition(random, depth);
    });
}

export interface Source {
  readonly choices: Choices;
  readonly variables: readonly string[];
  readonly data: boolean;
}

function leaf({ choices, variables, data }: Source): Expr {
  if (choices.chance(4)) return int(choices.below(20) - 6);
  if (data && choices.chance(2)) return load(dataBuffer, [int(choices.below(4))]);
  return variables.length === 0 ? int(choices.below(4)) : variable(choices.pick(variables));
}

const divisors = [4, 2, 8, 3, 1, 12, 5, 32, -3, 0];

export function randomIndex(random: Source, depth: number): Expr {
  const { choices } = random;
  if (depth === 0) return leaf(random);
  const operand = (): Expr => randomIndex(random, depth - 1);
  const scale = (): Expr => int(choices.pick([4, 2, 8, 12, 3, -1, -4, 1]));
  switch (choices.below(12)) {
    case 0:
      return leaf(random);
    case 1:
    case 2:
      return binary('add', operand(), operand());
    case 3:
      return binary('sub', operand(), operand());
    case 4:
    case 5:
      return binary('mul', operand(), choices.chance(6) ? operand() : scale());
    case 6:
    case 7: {
      const op = choices.pick<BinaryOp>(['floordiv', 'floormod', 'floordiv', 'floormod', 'div', 'mod']);
      return binary(op, operand(), choices.chance(8) ? operand() : int(choices.pick(divisors)));
    }
    case 8:
      return binary(choices.pick<BinaryOp>(['min', 'max']), operand(), operand());
    case 9:
      return unary(choices.pick(['neg', 'abs', 'sign', 'bitnot']), operand());
    case 10:
      return select(randomCondition(random, depth - 1), operand(), operand());
    default:
      return binary(choices.pick<BinaryOp>(['bitand', 'shr', 'bitor', 'shl']), operand(), int(choices.below(6)));
  }
}

export function randomCondition(random: Source, depth: number): Expr {
  const { choices } = random;
  if (depth === 0) return bool(choices.chance(2));
  const operand = (): Expr => randomCondition(random, depth - 1);
  switch (choices.below(8)) {
    case 0:
      return binary(choices.pick<BinaryOp>(['and', 'or', 'xor']), operand(), operand());
    case 1:
      return unary('not', operand());
    case 2:
      return binary(choices.pick<BinaryOp>(['and', 'or']), operand(), operand());
    default: {
      const op = choices.pick<BinaryOp>(['lt', 'le', 'gt', 'ge', 'eq', 'ne']);
      return binary(op, randomIndex(random, depth - 1), randomIndex(random, depth - 1));
    }
  }
}
