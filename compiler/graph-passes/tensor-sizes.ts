import { isStatic, type Shape } from '../../ir/dim.ts';
import { byteSize } from '../../ir/dtype.ts';
import type { TensorType } from '../../ir/graph/graph.ts';
import { elementCount } from '../../ir/tensor-data.ts';

/** The shape as numbers, or undefined where a dimension is symbolic. */
export const staticShape = (shape: Shape): readonly number[] | undefined => (shape.every(isStatic) ? shape : undefined);

/** The number of elements, or undefined where a dimension is symbolic. */
export function elementsOf(shape: Shape): number | undefined {
  const known = staticShape(shape);
  return known === undefined ? undefined : elementCount(known);
}

/** The size in bytes, or undefined where a dimension is symbolic. */
export function bytesOfType(type: TensorType): number | undefined {
  const elements = elementsOf(type.shape);
  return elements === undefined ? undefined : elements * byteSize(type.dtype);
}
