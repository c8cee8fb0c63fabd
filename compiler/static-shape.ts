import { isStatic, printShape, type Shape } from '../ir/dim.ts';
import { invariant, UnsupportedError } from '../ir/errors.ts';
import type { Graph, Value } from '../ir/graph/graph.ts';

/** The number of elements of a shape without symbols. */
export function staticElements(shape: Shape): number {
  return shape.reduce<number>((product, dim) => {
    invariant(isStatic(dim), `shape ${printShape(shape)} is not bound`);
    return product * dim;
  }, 1);
}

/** Throws UnsupportedError where a value has a dimension without a size: kernels are compiled for fixed ones. */
export function requireStaticShapes(graph: Graph): Graph {
  const open = (values: readonly Value[]) => values.filter(({ type }) => !type.shape.every(isStatic));
  const inputs = open(graph.inputs);
  // What the inputs leave open is open in all that follows from them.
  const values = inputs.length > 0 ? [] : open(graph.nodes.flatMap((node) => node.outputs)).slice(0, 1);
  if (inputs.length + values.length === 0) return graph;
  throw new UnsupportedError([
    ...inputs.map(
      ({ name, type }) =>
        `input ${JSON.stringify(name)} has dimensions that are not bound, ${printShape(type.shape)}; give them sizes (--dim NAME=SIZE, or --shape ${name}=1x…)`,
    ),
    ...values.map(({ name, type }) => `value ${name} has dimensions that no input binds, ${printShape(type.shape)}`),
  ]);
}
