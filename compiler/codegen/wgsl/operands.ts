import { invariant } from '../../../ir/errors.ts';
import { boundsOf } from '../../../ir/tensor/bounds.ts';
import type { Buffer, Expr, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { walk } from '../../../ir/tensor/visit.ts';
import { type Polynomial, polynomialOf } from '../polynomial.ts';
import { type Variables } from '../variables.ts';
import type { FeatureSet } from './features.ts';
import { LANES, scalarType, storedType, vectorOf } from './value-type.ts';

/**
 * How a buffer is declared: as an array of vectors where all that is stored or loaded as vectors is aligned to them, and of
 * halves where it holds f16 and the device has that. Registers hold what is computed with.
 */
export interface Operand {
  readonly buffer: Buffer;
  readonly isOfVectors: boolean;
  readonly isOfHalves: boolean;
}

interface Uses {
  /** Places of vectors that are aligned, and of those that are not. */
  aligned: number;
  unaligned: number;
  scalarStores: number;
}

/** How each buffer of a function is declared, with some features. */
export function operandsOf(func: TensorFunc, variables: Variables, features: FeatureSet): ReadonlyMap<string, Operand> {
  const buffers = [...func.inputs, ...func.outputs, ...func.temps];
  const uses = new Map(
    buffers.map(({ name }): [string, Uses] => [name, { aligned: 0, unaligned: 0, scalarStores: 0 }]),
  );
  const use = (name: string, index: Expr | undefined, isStore: boolean): void => {
    const found = uses.get(name);
    invariant(found !== undefined && index !== undefined, `${func.name}: buffer ${name} is declared`);
    if (index.kind === 'ramp') found[alignedBase(index.base, variables) === undefined ? 'unaligned' : 'aligned']++;
    else if (isStore) found.scalarStores++;
  };
  walk(func.body, {
    stmt: (node) => {
      if (node.kind === 'store') use(node.buffer, node.indices[0], true);
    },
    expr: (node) => {
      if (node.kind === 'load') use(node.buffer, node.indices[0], false);
    },
  });
  return new Map(
    buffers.map((buffer) => {
      const { aligned, unaligned, scalarStores } = uses.get(buffer.name) as Uses;
      const isInMemory = buffer.scope === 'global' || buffer.scope === 'workgroup';
      const operand = {
        buffer,
        isOfVectors: aligned > 0 && unaligned === 0 && scalarStores === 0,
        isOfHalves: buffer.dtype === 'f16' && isInMemory && features.has('shader-f16'),
      };
      return [buffer.name, operand];
    }),
  );
}

/** The type of an element of the array, or of a vector of them. */
export const elementType = ({ buffer, isOfHalves }: Operand, lanes: number, kernel: string): string =>
  isOfHalves ? (lanes === 1 ? 'f16' : `vec${lanes}h`) : vectorOf(storedType(scalarType(buffer.dtype, kernel)), lanes);

/** A quarter of the index of a vector's first element, where that is known to be a multiple of four. */
export function alignedBase(base: Expr, { polynomials, ranges }: Variables): Polynomial | undefined {
  const polynomial = polynomialOf(base, polynomials);
  const all = [polynomial.constant, ...[...polynomial.monomials.values()].map(({ coefficient }) => coefficient)];
  if (!all.every((coefficient) => coefficient % LANES === 0)) return undefined;
  // A quarter of what has wrapped around would be another place.
  const { min, max } = boundsOf(base, ranges);
  if (min < -(2 ** 31) || max >= 2 ** 31) return undefined;
  const monomials = new Map(
    [...polynomial.monomials].map(([key, { coefficient, atoms }]) => [
      key,
      { coefficient: coefficient / LANES, atoms },
    ]),
  );
  return { constant: polynomial.constant / LANES, monomials };
}
