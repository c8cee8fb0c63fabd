import { castFunction } from '../../scalar.ts';
import type { OpRow } from '../op-row.ts';
import { check, checkAxis } from './checks.ts';
import { encode, newElements } from './elements.ts';
import { stridedOffsets } from './offsets.ts';
import { singleResult } from './result.ts';

const iota: OpRow<'iota'> = singleResult<'iota', 0>({
  kind: 'injective',
  operands: 0,
  infer: (_, { shape, axis, dtype }) => {
    check(dtype !== 'bool', () => 'iota is not defined on bool');
    checkAxis(axis, { dtype, shape });
    return { dtype, shape };
  },
  evaluate: (_, { axis }, { dtype, shape }) => {
    const indices = stridedOffsets(
      shape,
      shape.map((_, i) => (i === axis ? 1 : 0)),
    );
    const [target, convert] = [newElements(dtype, indices.length), castFunction('i32', dtype)];
    indices.forEach((index, i) => {
      target[i] = convert(index);
    });
    return encode(dtype, target);
  },
});

export const iotaRows = { iota };
