import { type Shape } from '../../../ir/dim.ts';
import { type DType, dtypeTable, isFloat } from '../../../ir/dtype.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRow, type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { range, rankOf, widened } from './axes.ts';
import { mean } from './reduction.ts';
import { type SpatialWindows, spatialWindows, windowAttributes, withOuterAxes } from './spatial.ts';

function poolWindows(node: OnnxNode, x: Operand): SpatialWindows {
  if (rankOf(x) < 3) node.fail(`an operand of ${rankOf(x)} axes`);
  return spatialWindows(
    node,
    x.type.shape.slice(2),
    node.ints('kernel_shape') ?? node.fail('attribute kernel_shape is missing'),
  );
}

const sum = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value + (b[i] as number));

function pooled(
  g: Writer,
  op: 'window_sum' | 'window_max',
  x: Operand,
  windows: SpatialWindows,
  outside: number,
): Operand {
  const padded = g.pad(x, withOuterAxes(windows.begin, 0), withOuterAxes(sum(windows.end, windows.extra), 0), outside);
  return g.op(op, [padded], {
    window: withOuterAxes(windows.kernel, 1),
    strides: withOuterAxes(windows.strides, 1),
    dilations: withOuterAxes(windows.dilations, 1),
  });
}

/** What no element is smaller than. */
export function lowest(dtype: DType): number {
  if (isFloat(dtype)) return Number.NEGATIVE_INFINITY;
  return dtypeTable[dtype].kind === 'int' ? -(2 ** (8 * dtypeTable[dtype].bytes - 1)) : 0;
}

function maxPool(node: OnnxNode, g: Writer): Operand {
  if (node.wants(1)) node.refuse('the output Indices');
  const x = node.input(0);
  return pooled(g, 'window_max', x, poolWindows(node, x), lowest(x.type.dtype));
}

function averagePool(node: OnnxNode, g: Writer): Operand {
  const windows = poolWindows(node, node.input(0));
  const countsPadding = node.int('count_include_pad', 0) === 1;
  return widened(g, node.input(0), (x) => {
    const total = pooled(g, 'window_sum', x, windows, 0);
    return g.div(total, divisor(g, x.type.dtype, x.type.shape, windows, countsPadding));
  });
}

/** How many elements are in each window: of the operand, and of the padding where the node counts that. */
function divisor(g: Writer, dtype: DType, shape: Shape, windows: SpatialWindows, countsPadding: boolean): Operand {
  const isZero = (counts: readonly number[]) => counts.every((count) => count === 0);
  const size = windows.kernel.reduce((product, extent) => product * extent, 1);
  const padded = !isZero(windows.begin) || !isZero(windows.end);
  if (isZero(windows.extra) && (countsPadding || !padded)) return g.scalar(dtype, size);
  const ones = g.broadcastTo(g.scalar(dtype, 1), [1, 1, ...shape.slice(2)]);
  if (!countsPadding) return pooled(g, 'window_sum', ones, windows, 0);
  const counted = g.pad(ones, withOuterAxes(windows.begin, 0), withOuterAxes(windows.end, 0), 1);
  const none = windows.begin.map(() => 0);
  return pooled(g, 'window_sum', counted, { ...windows, begin: none, end: none }, 0);
}

/** (Σ |x|^p)^(1/p) */
function pNorm(g: Writer, x: Operand, p: number, total: (x: Operand) => Operand): Operand {
  const magnitude = g.unary('abs', x);
  if (p === 1) return total(magnitude);
  if (p === 2) return g.unary('sqrt', total(g.mul(x, x)));
  return g.binary('pow', total(g.binary('pow', magnitude, p)), 1 / p);
}

function lpPool(node: OnnxNode, g: Writer): Operand {
  const windows = poolWindows(node, node.input(0));
  return widened(g, node.input(0), (x) =>
    pNorm(g, x, node.int('p', 2), (terms) => pooled(g, 'window_sum', terms, windows, 0)),
  );
}

/** One window over all spatial axes. */
const global =
  (compute: (g: Writer, x: Operand, axes: readonly number[], node: OnnxNode) => Operand): OnnxOpRow['import'] =>
  (node, g) => [widened(g, node.input(0), (x) => compute(g, x, range(2, rankOf(x)), node))];

export const poolingOps: OnnxOpRows = {
  AveragePool: row(averagePool, { attributes: [...windowAttributes, 'ceil_mode', 'count_include_pad'] }),
  GlobalAveragePool: { import: global((g, x, axes) => mean(g, x, axes)) },
  GlobalLpPool: {
    attributes: ['p'],
    import: global((g, x, axes, node) => pNorm(g, x, node.int('p', 2), (terms) => g.reduce('sum', terms, axes, true))),
  },
  GlobalMaxPool: { import: global((g, x, axes) => g.reduce('max', x, axes, true)) },
  LpPool: row(lpPool, { attributes: [...windowAttributes, 'ceil_mode', 'p'] }),
  MaxPool: row(maxPool, { attributes: [...windowAttributes, 'ceil_mode', 'storage_order'] }),
};
