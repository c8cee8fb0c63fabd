import type { DType } from '../../../ir/dtype.ts';
import type { OnnxNode } from '../node.ts';
import { type OnnxOpRows, row } from '../row.ts';

const target = (node: OnnxNode): DType => node.dtype('to') ?? node.fail('attribute to is missing');

/** `saturate` and `round_mode` are about 8-bit floats, which have no dtype here. */
export const castOps: OnnxOpRows = {
  BitCast: row((node, g) => g.op('bitcast', [node.input(0)], { to: target(node) }), { since: 26, attributes: ['to'] }),
  Cast: row((node, g) => g.cast(node.input(0), target(node)), { attributes: ['to', 'saturate', 'round_mode'] }),
  CastLike: row((node, g) => g.cast(node.input(0), node.input(1).type.dtype), {
    since: 15,
    attributes: ['saturate', 'round_mode'],
  }),
};
