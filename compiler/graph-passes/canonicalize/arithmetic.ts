import { shapeEquals } from '../../../ir/dim.ts';
import { type DType, isFloat } from '../../../ir/dtype.ts';
import type { NodeOf } from '../../../ir/graph/graph.ts';
import type { BinaryOp, UnaryOp } from '../../../ir/scalar.ts';
import { isFilledWith, numbersOf, tensorOf } from '../constant-values.ts';
import type { NewGraph } from '../rebuild.ts';
import { operand, producedBy, type Rule, type Rules, resultType } from './rule.ts';

/**
 * Arithmetic that changes nothing, and cheaper forms of the rest. Only what is exact for every operand, among them NaN,
 * the infinities and both zeros; pow by 2 and 3, and erf and tanh of a quotient, differ from the rounded result by less
 * than their own errors.
 */

/** `x op c` is x where c is the neutral element and the result has the shape of x. */
const neutral =
  (op: BinaryOp, isNeutral: (dtype: DType) => number | undefined, sides: 'right' | 'both' = 'right'): Rule<BinaryOp> =>
  (node, graph) => {
    if (node.op !== op) return undefined;
    const type = resultType(node);
    const value = isNeutral(type.dtype);
    if (value === undefined) return undefined;
    const keep = (kept: number, other: number): string | undefined => {
      const x = operand(node, kept);
      const fits = shapeEquals(graph.typeOf(x).shape, type.shape);
      return fits && isFilledWith(graph.constantOf(operand(node, other)), value) ? x : undefined;
    };
    return keep(0, 1) ?? (sides === 'both' ? keep(1, 0) : undefined);
  };

const one = (): number => 1;
const integerZero = (dtype: DType): number | undefined => (isFloat(dtype) ? undefined : 0);
/** x + (-0) is x also where x is -0; x + 0 is not. */
const negativeZero = (dtype: DType): number | undefined => (isFloat(dtype) ? -0 : undefined);
const anyZero = (): number => 0;

const involution =
  <K extends UnaryOp>(op: K): Rule<K> =>
  (node, graph) => {
    const inner = producedBy(graph, operand(node, 0), op);
    return inner === undefined ? undefined : operand(inner, 0);
  };

const idempotent =
  <K extends UnaryOp>(op: K): Rule<K> =>
  (node, graph) =>
    producedBy(graph, operand(node, 0), op) === undefined ? undefined : operand(node, 0);

/** x / c with c a power of two is x · (1/c), exactly. */
const divideByPowerOfTwo: Rule<'div'> = (node, graph) => {
  const { dtype } = resultType(node);
  const divisor = graph.constantOf(operand(node, 1));
  if (divisor === undefined || (dtype !== 'f32' && dtype !== 'f64')) return undefined;
  const inverses = numbersOf(divisor).map((value) => 1 / value);
  if (!inverses.every(isModeratePowerOfTwo)) return undefined;
  const inverse = graph.constant(tensorOf(dtype, divisor.shape, inverses), operand(node, 1));
  return graph.emit('mul', [operand(node, 0), inverse], {}, node.name);
};

/**
 * f(x / c) is f(x · (1/c)) for an f whose result changes relatively no more than its operand does: what rounding the
 * inverse adds is less than f's own error.
 */
const ofQuotient =
  <K extends 'erf' | 'tanh'>(op: K): Rule<K> =>
  (node, graph) => {
    const quotient = producedBy(graph, operand(node, 0), 'div');
    if (quotient === undefined) return undefined;
    const { dtype } = resultType(node);
    const divisor = graph.constantOf(operand(quotient, 1));
    if (divisor === undefined || dtype !== 'f32') return undefined;
    const inverses = numbersOf(divisor).map((value) => 1 / value);
    if (!inverses.every(isModerate)) return undefined;
    const inverse = graph.constant(tensorOf(dtype, divisor.shape, inverses), operand(quotient, 1));
    const product = graph.emit('mul', [operand(quotient, 0), inverse], {}, quotient.name);
    return graph.emit(op, [product], {}, node.name);
  };

/** Both it and its inverse are normal numbers of f32. */
function isModeratePowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(Math.abs(value))) && isModerate(value);
}

const isModerate = (value: number): boolean => Math.abs(Math.log2(Math.abs(value))) <= 100;

const smallPower: Rule<'pow'> = (node, graph) => {
  const [x, exponent] = [operand(node, 0), graph.constantOf(operand(node, 1))];
  if (!shapeEquals(graph.typeOf(x).shape, resultType(node).shape)) return undefined;
  if (isFilledWith(exponent, 1)) return x;
  if (isFilledWith(exponent, 2)) return graph.emit('mul', [x, x], {}, node.name);
  if (!isFilledWith(exponent, 3)) return undefined;
  return graph.emit('mul', [graph.emit('mul', [x, x], {}, node.name), x], {}, node.name);
};

/** Elementwise operators broadcast by themselves: an operand's broadcast_to is dropped where the result stays the same. */
export function dropBroadcast(node: NodeOf<BinaryOp | 'select'>, graph: NewGraph): string | undefined {
  const inputs = [...node.inputs];
  for (const [i, input] of node.inputs.entries()) {
    const broadcast = producedBy(graph, input, 'broadcast_to');
    if (broadcast === undefined) continue;
    const others = inputs.filter((_, j) => j !== i);
    const covered = others.some((other) => shapeEquals(graph.typeOf(other).shape, resultType(node).shape));
    if (covered) inputs[i] = operand(broadcast, 0);
  }
  if (inputs.every((input, i) => input === node.inputs[i])) return undefined;
  return graph.emit(node.op, inputs, {}, node.name);
}

export const arithmeticRules: Rules = {
  add: [neutral('add', negativeZero, 'both'), neutral('add', integerZero, 'both')],
  sub: [neutral('sub', anyZero)],
  mul: [neutral('mul', one, 'both')],
  div: [neutral('div', one), divideByPowerOfTwo],
  erf: [ofQuotient('erf')],
  tanh: [ofQuotient('tanh')],
  pow: [smallPower],
  or: [neutral('or', integerZero, 'both')],
  and: [neutral('and', one, 'both')],
  bitor: [neutral('bitor', integerZero, 'both')],
  bitxor: [neutral('bitxor', integerZero, 'both')],
  neg: [involution('neg')],
  not: [involution('not')],
  bitnot: [involution('bitnot')],
  abs: [idempotent('abs')],
  floor: [idempotent('floor')],
  ceil: [idempotent('ceil')],
  round: [idempotent('round')],
};
