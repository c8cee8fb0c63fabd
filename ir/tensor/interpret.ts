import { bindDim, type Dim, isStatic, printDim, type Shape } from '../dim.ts';
import { CompilerError } from '../errors.ts';
import type { TensorData } from '../tensor-data.ts';
import { declare } from './interpret-expr.ts';
import { type Frame, inputMemory, type Memory, poisoned } from './interpret-memory.ts';
import { compileStmt } from './interpret-stmt.ts';
import type { Buffer, TensorFunc } from './tensor-func.ts';
import { walk } from './visit.ts';

/**
 * Runs a function of any form (scheduled or lowered) and so defines what it means. Inputs are in the order of
 * `func.inputs`; sizes that are not given are taken from the shapes of the inputs. Outputs and temps start with values
 * that show when they are read before they are written.
 *
 * Throws `CompilerError` where an input does not match its buffer, an index is outside of its buffer, or a block's
 * variable outside of its extent.
 */
export function interpretFunc(
  func: TensorFunc,
  inputs: readonly TensorData[],
  sizes: ReadonlyMap<string, number> = new Map(),
): TensorData[] {
  const bound = bindSizes(func, inputs, sizes);
  const memories = new Map<string, Memory>();
  func.inputs.forEach((buffer, i) => {
    const input = inputs[i];
    if (input === undefined) throw new CompilerError(`${func.name}: input %${buffer.name} is missing`);
    memories.set(buffer.name, inputMemory(func.name, buffer, concreteShape(func, buffer, bound), input));
  });
  for (const buffer of [...func.outputs, ...func.temps]) {
    memories.set(buffer.name, poisoned(buffer, concreteShape(func, buffer, bound)));
  }
  const frame = newFrame(func, memories);
  for (const [size, value] of bound) frame.numbers[declare(frame, size, 'i32', 1).index] = value;
  compileStmt(frame, func.body)();
  return func.outputs.map(({ name, dtype }) => {
    const { shape, data } = memories.get(name) as Memory;
    return { dtype, shape, data };
  });
}

function newFrame(func: TensorFunc, memories: ReadonlyMap<string, Memory>): Frame {
  let count = func.sizes.length;
  walk(func.body, {
    stmt: (stmt) => {
      count += stmt.kind === 'block' ? stmt.iters.length : 1;
    },
  });
  return { func: func.name, memories, slots: new Map(), numbers: new Float64Array(count), bigints: [], vectors: [] };
}

function bindSizes(
  func: TensorFunc,
  inputs: readonly TensorData[],
  given: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const dims = func.inputs.flatMap((buffer, i) =>
    buffer.shape.map((dim, axis) => [dim, inputs[i]?.shape[axis]] as const),
  );
  const bound = new Map<string, number>();
  for (const size of func.sizes) {
    const value =
      given.get(size) ?? dims.map(([dim, length]) => solve(dim, size, length)).find((found) => found !== undefined);
    if (value === undefined)
      throw new CompilerError(`${func.name}: the size ${size} is not given, and no input tells it`);
    bound.set(size, value);
  }
  return bound;
}

/** The value of a symbol for which `constant + coefficient · symbol` is the length. */
function solve(dim: Dim, symbol: string, length: number | undefined): number | undefined {
  if (isStatic(dim) || length === undefined) return undefined;
  const [term, second] = dim.terms;
  if (term?.symbol !== symbol || second !== undefined) return undefined;
  const value = (length - dim.constant) / term.coefficient;
  return Number.isInteger(value) ? value : undefined;
}

const concreteShape = (func: TensorFunc, buffer: Buffer, sizes: ReadonlyMap<string, number>): readonly number[] =>
  concrete(buffer.shape, sizes, (dim) => {
    throw new CompilerError(
      `${func.name}: %${buffer.name} has the dimension ${printDim(dim)}, which no size determines`,
    );
  });

const concrete = (shape: Shape, sizes: ReadonlyMap<string, number>, fail: (dim: Dim) => never): readonly number[] =>
  shape.map((dim) => {
    const value = bindDim(dim, sizes);
    return isStatic(value) ? value : fail(dim);
  });
