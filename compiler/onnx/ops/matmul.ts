import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { rankOf } from './axes.ts';

/** numpy's matmul: an operand of one axis is a row on the left, a column on the right, and loses that axis again. */
export function matmul(g: Writer, a: Operand, b: Operand): Operand {
  const left = rankOf(a) === 1 ? g.reshape(a, [1, ...a.type.shape]) : a;
  const right = rankOf(b) === 1 ? g.reshape(b, [...b.type.shape, 1]) : b;
  const product = g.matmul(left, right);
  const { shape } = product.type;
  const rows = rankOf(a) === 1 ? [] : shape.slice(-2, -1);
  const columns = rankOf(b) === 1 ? [] : shape.slice(-1);
  return g.reshape(product, [...shape.slice(0, -2), ...rows, ...columns]);
}

/** alpha · A·B + beta · C */
function gemm(node: OnnxNode, g: Writer): Operand {
  const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)];
  const scaled = (x: Operand, factor: number) => (factor === 1 ? x : g.mul(x, factor));
  const product = g.matmul(node.input(0), node.input(1), {
    a: node.int('transA', 0) === 1,
    b: node.int('transB', 0) === 1,
  });
  const bias = node.optional(2);
  return bias === undefined || beta === 0 ? scaled(product, alpha) : g.add(scaled(product, alpha), scaled(bias, beta));
}

export const matmulOps: OnnxOpRows = {
  Gemm: row(gemm, { attributes: ['alpha', 'beta', 'broadcast', 'transA', 'transB'] }),
  MatMul: row((node, g) => matmul(g, node.input(0), node.input(1))),
};
