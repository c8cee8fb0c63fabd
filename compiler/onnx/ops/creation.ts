import { isFloat } from '../../../ir/dtype.ts';
import type { OnnxNode } from '../node.ts';
import { constantOperand, type Operand, tensorOf } from '../operand.ts';
import { type OnnxOpRow, type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { oneInt, range, rankOf } from './axes.ts';

function constant(node: OnnxNode, g: Writer): Operand {
  for (const name of ['sparse_value', 'value_string', 'value_strings'])
    if (node.has(name)) node.refuse(`attribute ${name}`);
  const value = node.tensor('value');
  if (value !== undefined) return g.constant(value);
  if (node.has('value_float')) return g.scalar('f32', node.float('value_float'));
  if (node.has('value_int')) return g.scalar('i64', node.int('value_int'));
  const [floats, ints] = [node.floats('value_floats'), node.ints('value_ints')];
  if (floats !== undefined) return g.tensor('f32', [floats.length], floats);
  return ints === undefined ? node.fail('it has no value') : g.tensor('i64', [ints.length], ints);
}

function constantOfShape(node: OnnxNode, g: Writer): Operand {
  const value = node.tensor('value') ?? tensorOf('f32', [1], [0]);
  return g.broadcastTo(g.reshape(g.constant(value), []), node.dims(0, 'a shape'));
}

/** Where the column minus the row is the number of the diagonal. */
function eyeLike(node: OnnxNode, g: Writer): Operand {
  const { shape, dtype } = node.input(0).type;
  if (shape.length !== 2) node.fail(`an operand of ${shape.length} axes, expected 2`);
  const distance = g.sub(g.iota('i64', shape, 1), g.iota('i64', shape, 0));
  return g.cast(g.binary('eq', distance, node.int('k', 0)), node.dtype('dtype') ?? dtype);
}

function trilu(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const matrix = x.type.shape.slice(-2);
  if (matrix.length < 2) node.fail(`an operand of ${rankOf(x)} axes, expected 2 or more`);
  const k = node.optional(1);
  const distance = g.sub(g.iota('i64', matrix, 1), g.iota('i64', matrix, 0));
  const keeps = g.binary(node.int('upper', 1) === 1 ? 'ge' : 'le', distance, k ? g.reshape(k, []) : 0);
  return x.type.dtype === 'bool' ? g.binary('and', x, keeps) : g.select(keeps, x, 0);
}

/** A sum of cosines over `size` points, of a period of `size`, or of one less for a symmetric window. */
function cosineWindow(...weights: readonly number[]): OnnxOpRow {
  const importOne = (node: OnnxNode) => {
    const size = oneInt(node, 0, 'a size');
    const dtype = node.dtype('output_datatype') ?? 'f32';
    if (!isFloat(dtype)) return node.refuse(`dtype ${dtype}`);
    const period = node.int('periodic', 1) === 1 ? size : size - 1;
    const at = (i: number) =>
      weights.reduce((sum, weight, k) => sum + weight * Math.cos((2 * Math.PI * k * i) / period), 0);
    return constantOperand(tensorOf(dtype, [size], range(0, size).map(at)));
  };
  return row(importOne, { since: 17, attributes: ['output_datatype', 'periodic'] });
}

export const creationOps: OnnxOpRows = {
  BlackmanWindow: cosineWindow(0.42, -0.5, 0.08),
  Constant: row(constant, {
    attributes: [
      'sparse_value',
      'value',
      'value_float',
      'value_floats',
      'value_int',
      'value_ints',
      'value_string',
      'value_strings',
    ],
  }),
  ConstantOfShape: row(constantOfShape, { since: 9, attributes: ['value'] }),
  EyeLike: row(eyeLike, { since: 9, attributes: ['dtype', 'k'] }),
  HammingWindow: cosineWindow(25 / 46, -21 / 46),
  HannWindow: cosineWindow(0.5, -0.5),
  Trilu: row(trilu, { since: 14, attributes: ['upper'] }),
};
