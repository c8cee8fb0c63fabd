import type { TypedArray } from '../api.ts';
import type { ReorderLoop } from '../manifest.ts';

/** The elements in the order in which nested loops, the outermost first, come to them: at the sums of their strides. */
export function reordered(elements: TypedArray, loops: readonly ReorderLoop[]): TypedArray {
  const result = elements.slice();
  let next = 0;
  const run = (depth: number, from: number): void => {
    const { extent, stride } = loops[depth] ?? { extent: 1, stride: 0 };
    const isInnermost = depth >= loops.length - 1;
    for (let i = 0; i < extent; i++)
      if (isInnermost) result[next++] = elements[from + i * stride] as number;
      else run(depth + 1, from + i * stride);
  };
  run(0, 0);
  return result;
}
