import type { OnnxNode } from '../node.ts';
import { knownIntegers, type Operand } from '../operand.ts';
import type { Writer } from '../writer.ts';

export const rankOf = ({ type }: Operand): number => type.shape.length;

/** An axis counted from the start; fails where there is none. */
export function axisOf(node: OnnxNode, axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  return found >= 0 && found < rank ? found : node.fail(`axis ${axis} of ${rank} axes`);
}

/** Distinct axes in ascending order. */
export function axesOf(node: OnnxNode, axes: readonly number[], rank: number): readonly number[] {
  const found = axes.map((axis) => axisOf(node, axis, rank)).sort((a, b) => a - b);
  if (new Set(found).size < found.length) node.fail(`axes [${axes}] name an axis twice`);
  return found;
}

/** Axes that newer versions of an operator take as their input `i`, older ones as the attribute `axes`. */
export function axesOperand(node: OnnxNode, i: number, inputSince: number): readonly number[] | undefined {
  if (node.opset < inputSince) return node.ints('axes');
  if (node.has('axes')) node.fail('axes are an input, not an attribute, in this opset');
  return node.optional(i) && node.constantInts(i, 'axes');
}

export const range = (start: number, end: number): readonly number[] =>
  Array.from({ length: Math.max(end - start, 0) }, (_, i) => start + i);

/** Computes in f32 what would lose too much in f16, and rounds the result once. */
export function widened(g: Writer, x: Operand, compute: (x: Operand) => Operand): Operand {
  return x.type.dtype === 'f16' ? g.cast(compute(g.cast(x, 'f32')), 'f16') : compute(x);
}

/** The one integer of a scalar or of a tensor with one element. */
export function oneInt(node: OnnxNode, i: number, what: string): number {
  const [value, ...more] = node.constantInts(i, what);
  return value === undefined || more.length > 0 ? node.fail(`${what} is no scalar`) : value;
}

/** Whether an optional flag of one element is known to hold; refuses where it is not known. */
export function flag(node: OnnxNode, i: number, what: string): boolean {
  const operand = node.optional(i);
  if (operand === undefined) return false;
  const [value] = knownIntegers(operand) ?? node.refuse(`${what} that is not known at compile time`);
  return value === 1;
}
