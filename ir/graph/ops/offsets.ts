/**
 * Where the elements of a view stand in the array under it. Every data movement and reduction of the reference
 * evaluation is a loop over such a list: offset = start + Σ table[axis][index[axis]], in row-major order of the index.
 */
export function separableOffsets(tables: readonly ArrayLike<number>[], start = 0): Int32Array {
  const offsets = new Int32Array(tables.reduce((count, table) => count * table.length, 1));
  if (offsets.length === 0) return offsets;
  offsets[0] = start;
  let filled = 1;
  for (const table of tables.toReversed()) {
    // From the last to the first, which overwrites the pattern that the others read.
    for (let i = table.length - 1; i >= 0; i--) {
      const step = table[i] as number;
      for (let j = 0; j < filled; j++) offsets[i * filled + j] = (offsets[j] as number) + step;
    }
    filled *= table.length;
  }
  return offsets;
}

/** The offsets of an index space with one stride an axis. */
export function stridedOffsets(shape: readonly number[], strides: readonly number[], start = 0): Int32Array {
  return separableOffsets(
    shape.map((size, axis) => Int32Array.from({ length: size }, (_, i) => i * (strides[axis] as number))),
    start,
  );
}

export function rowMajorStrides(shape: readonly number[]): readonly number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(stride);
    stride *= size;
  }
  return strides;
}

/** The strides with which an operand is read when numpy's rules broadcast it: 0 where a dimension is repeated. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): readonly number[] {
  const strides = rowMajorStrides(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => {
    const own = axis - missing;
    return own < 0 || from[own] === 1 ? 0 : (strides[own] as number);
  });
}

/** The index space of some axes. */
export function axesOffsets(shape: readonly number[], axes: readonly number[]): Int32Array {
  const strides = rowMajorStrides(shape);
  return stridedOffsets(
    axes.map((axis) => shape[axis] as number),
    axes.map((axis) => strides[axis] as number),
  );
}

/** The axes of a rank that a list does not hold. */
export const otherAxes = (rank: number, axes: readonly number[]): readonly number[] =>
  Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !axes.includes(axis));
