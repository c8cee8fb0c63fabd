import { isStatic, printShape, type Shape } from '../ir/dim.ts';
import { invariant, UnsupportedError } from '../ir/errors.ts';
import type { Graph } from '../ir/graph/graph.ts';

/** The number of elements of a shape without symbols. */
export function staticElements(shape: Shape): number {
  return shape.reduce<number>((product, dim) => {
    invariant(isStatic(dim), `shape ${printShape(shape)} is not bound`);
    return product * dim;
  }, 1);
}

/** Throws UnsupportedError where an input has a dimension without a value: kernels are compiled for fixed sizes. */
export function requireStaticShapes(graph: Graph): Graph {
  const open = graph.inputs.filter((input) => !input.type.shape.every(isStatic));
  if (open.length === 0) return graph;
  throw new UnsupportedError(
    open.map(
      (input) =>
        `input ${JSON.stringify(input.name)} has dimensions that are not bound, ${printShape(input.type.shape)}; give them sizes (--dim NAME=SIZE, or --shape ${input.name}=1x…)`,
    ),
  );
}
