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
  const ofVectors = arraysOfVectors(func, variables);
  const buffers = [...func.inputs, ...func.outputs, ...func.temps];
  return new Map(
    buffers.map((buffer) => {
      const isInMemory = buffer.scope === 'global' || buffer.scope === 'workgroup';
      const isOfHalves = buffer.dtype === 'f16' && isInMemory && features.has('shader-f16');
      return [buffer.name, { buffer, isOfVectors: ofVectors.has(buffer.name), isOfHalves }];
    }),
  );
}

/** The type of an element of the array, or of a vector of them. */
export const elementType = ({ buffer, isOfHalves }: Operand, lanes: number, kernel: string): string =>
  isOfHalves ? (lanes === 1 ? 'f16' : `vec${lanes}h`) : vectorOf(storedType(scalarType(buffer.dtype, kernel)), lanes);

/** The buffers of a function that are arrays of vectors. */
export function arraysOfVectors(func: TensorFunc, variables: Variables): ReadonlySet<string> {
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
  const areAligned = ({ aligned, unaligned, scalarStores }: Uses): boolean =>
    aligned > 0 && unaligned === 0 && scalarStores === 0;
  return new Set([...uses].flatMap(([name, found]) => (areAligned(found) ? [name] : [])));
}

/** A place in an array of vectors. */
export interface VectorPlace {
  /** Which vector. */
  readonly quarter: Polynomial;
  readonly lane: number;
}

/** The place of an element of which it is known where in a vector it stands. */
export function vectorPlaceOf(index: Expr, { polynomials, ranges }: Variables): VectorPlace | undefined {
  const { constant, monomials } = polynomialOf(index, polynomials);
  if (![...monomials.values()].every(({ coefficient }) => coefficient % LANES === 0)) return undefined;
  // A quarter of what has wrapped around would be another place.
  const { min, max } = boundsOf(index, ranges);
  if (min < -(2 ** 31) || max >= 2 ** 31) return undefined;
  const quarters = [...monomials].map(([key, one]) => [key, { ...one, coefficient: one.coefficient / LANES }] as const);
  const quarter = Math.floor(constant / LANES);
  return { quarter: { constant: quarter, monomials: new Map(quarters) }, lane: constant - quarter * LANES };
}

/** Which vector begins at an element, where that is known to be aligned. */
export function alignedBase(base: Expr, variables: Variables): Polynomial | undefined {
  const place = vectorPlaceOf(base, variables);
  return place?.lane === 0 ? place.quarter : undefined;
}
