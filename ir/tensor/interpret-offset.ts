import { printDim } from '../dim.ts';
import { CompilerError } from '../errors.ts';
import { asAffine } from './affine.ts';
import type { Code, Frame, Memory, NumberCode } from './interpret-memory.ts';
import type { Expr } from './tensor-func.ts';

/** The position of an element, row-major. Throws where an index is outside of the buffer. */
export function compileOffset(
  frame: Frame,
  memory: Memory,
  indices: readonly Expr[],
  compile: (index: Expr) => Code,
): NumberCode {
  const { buffer, shape } = memory;
  if (indices.length !== shape.length) {
    throw new CompilerError(
      `${frame.func}: ${indices.length} indices into %${buffer.name}, which has ${shape.length} dimensions`,
    );
  }
  const fail = outside(frame.func, memory);
  const slots = indices.map((index) =>
    index.kind === 'var' && index.lanes === 1 ? frame.slots.get(index.name)?.index : undefined,
  );
  if (slots.every((slot) => slot !== undefined) && slots.length > 0 && slots.length <= 4) {
    return offsetOfVariables(frame.numbers, slots, shape, fail);
  }
  return offsetOf(
    indices.map((index) => compileIndex(frame, index, compile)),
    shape,
    fail,
  );
}

type Fail = (index: readonly number[]) => never;

const outside =
  (func: string, { buffer, shape }: Memory): Fail =>
  (index) => {
    const declared = buffer.shape.map(printDim).join(', ');
    const concrete = declared === shape.join(', ') ? '' : ` = [${shape.join(', ')}]`;
    throw new CompilerError(
      `${func}: index [${index.join(', ')}] is outside of %${buffer.name}[${declared}]${concrete}`,
    );
  };

/** Most indices are variables: reading them in place saves a call each. */
function offsetOfVariables(
  numbers: Float64Array,
  slots: readonly number[],
  shape: readonly number[],
  fail: Fail,
): NumberCode {
  const [i = 0, j = 0, k = 0, l = 0] = slots;
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  const at = (slot: number): number => numbers[slot] as number;
  switch (slots.length) {
    case 1:
      return () => {
        const x = at(i);
        return x >= 0 && x < a ? x : fail([x]);
      };
    case 2:
      return () => {
        const x = at(i);
        const y = at(j);
        return x >= 0 && x < a && y >= 0 && y < b ? x * b + y : fail([x, y]);
      };
    case 3:
      return () => {
        const x = at(i);
        const y = at(j);
        const z = at(k);
        return x >= 0 && x < a && y >= 0 && y < b && z >= 0 && z < c ? (x * b + y) * c + z : fail([x, y, z]);
      };
    default:
      return () => {
        const x = at(i);
        const y = at(j);
        const z = at(k);
        const w = at(l);
        const inside = x >= 0 && x < a && y >= 0 && y < b && z >= 0 && z < c && w >= 0 && w < d;
        return inside ? ((x * b + y) * c + z) * d + w : fail([x, y, z, w]);
      };
  }
}

function offsetOf(indices: readonly NumberCode[], shape: readonly number[], fail: Fail): NumberCode {
  const [i, j, k] = indices;
  const [a = 1, b = 1] = shape;
  if (i === undefined) return () => 0;
  if (j === undefined) {
    return (lane) => {
      const x = i(lane);
      return x >= 0 && x < a ? x : fail([x]);
    };
  }
  if (k === undefined) {
    return (lane) => {
      const x = i(lane);
      const y = j(lane);
      return x >= 0 && x < a && y >= 0 && y < b ? x * b + y : fail([x, y]);
    };
  }
  return (lane) => {
    let offset = 0;
    for (let dim = 0; dim < indices.length; dim++) {
      const x = (indices[dim] as NumberCode)(lane);
      const size = shape[dim] as number;
      if (!(x >= 0 && x < size)) fail(indices.map((index) => index(lane)));
      offset = offset * size + x;
    }
    return offset;
  };
}

/** An index as a number; one that is affine in at most two variables costs one call. */
export function compileIndex({ slots, numbers }: Frame, index: Expr, compile: (index: Expr) => Code): NumberCode {
  const affine = asAffine(index);
  const terms =
    affine === undefined ? [] : [...affine.terms].map(([name, factor]) => ({ slot: slots.get(name)?.index, factor }));
  const [first, second] = terms;
  if (affine === undefined || first?.slot === undefined || terms.length > 2) return compile(index) as NumberCode;
  const { constant } = affine;
  const { slot: i, factor: a } = first;
  if (second === undefined) {
    return constant === 0 && a === 1 ? () => numbers[i] as number : () => (a * (numbers[i] as number) + constant) | 0;
  }
  const { slot: j = i, factor: b } = second;
  return second.slot === undefined
    ? (compile(index) as NumberCode)
    : () => (a * (numbers[i] as number) + b * (numbers[j] as number) + constant) | 0;
}
