import { isStatic } from '../../../ir/dim.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { range, rankOf } from './axes.ts';

/** The expansion below has n! terms. */
const largest = 4;

function determinant(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const [rows, columns] = x.type.shape.slice(-2);
  if (rankOf(x) < 2 || rows === undefined || columns === undefined || !isStatic(rows) || rows !== columns)
    return node.refuse('matrices that are not square');
  if (rows > largest) node.refuse(`matrices of ${rows} rows, more than ${largest}`);
  const batch = x.type.shape.slice(0, -2);
  const element = (i: number, j: number) =>
    g.reshape(g.sliceAxis(g.sliceAxis(x, batch.length, i, 1), batch.length + 1, j, 1), batch);
  return minor(g, element, 0, range(0, rows)) ?? g.broadcastTo(g.scalar(x.type.dtype, 1), batch);
}

/** Laplace's expansion along the first row that is left; undefined for a matrix without rows. */
function minor(
  g: Writer,
  element: (i: number, j: number) => Operand,
  first: number,
  columns: readonly number[],
): Operand | undefined {
  let sum: Operand | undefined;
  for (const [k, column] of columns.entries()) {
    const rest = minor(g, element, first + 1, columns.toSpliced(k, 1));
    const term = rest ? g.mul(element(first, column), rest) : element(first, column);
    if (sum === undefined) sum = term;
    else sum = k % 2 === 0 ? g.add(sum, term) : g.sub(sum, term);
  }
  return sum;
}

export const detOps: OnnxOpRows = {
  Det: row(determinant, { since: 11 }),
};
