import { byteSize, type DType } from '../../../ir/dtype.ts';
import { invariant } from '../../../ir/errors.ts';
import { variable } from '../../../ir/tensor/build.ts';
import type { Expr } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { laneOf } from '../lanes.ts';
import {
  addPolynomials,
  atomPolynomial,
  type Polynomial,
  polynomialOf,
  scalePolynomial,
  variablePart,
} from '../polynomial.ts';
import { LANES } from './value-type.ts';

/** Where a load or store goes, as byte addresses: one, the first of four neighbours, or one a lane. */
export type Access =
  | { readonly kind: 'scalar' | 'contiguous'; readonly address: Polynomial }
  | { readonly kind: 'lanes'; readonly addresses: readonly Polynomial[] };

/** The variable that stands for the address of a buffer's first byte; no name of the IR begins like this. */
export const baseName = (buffer: string): string => `&${buffer}`;
export const isBase = (expr: Expr): boolean => expr.kind === 'var' && expr.name.startsWith('&');

export function accessOf(
  buffer: string,
  dtype: DType,
  indices: readonly Expr[],
  known: ReadonlyMap<string, Polynomial>,
): Access {
  const [index, ...more] = indices;
  invariant(
    index !== undefined && more.length === 0,
    `${buffer} has ${indices.length} indices where code generation takes one`,
  );
  const base = atomPolynomial(variable(baseName(buffer)));
  const addressOf = (element: Expr): Polynomial =>
    addPolynomials(base, scalePolynomial(polynomialOf(element, known), byteSize(dtype)));
  if (lanesOf(index) === 1) return { kind: 'scalar', address: addressOf(index) };
  if (index.kind === 'ramp') return { kind: 'contiguous', address: addressOf(index.base) };
  const addresses = Array.from({ length: LANES }, (_, lane) => addressOf(laneOf(index, lane)));
  const [first] = addresses as [Polynomial, ...Polynomial[]];
  const part = variablePart(first);
  const isContiguous = addresses.every(
    (address, lane) => variablePart(address) === part && address.constant === first.constant + lane * byteSize(dtype),
  );
  return isContiguous ? { kind: 'contiguous', address: first } : { kind: 'lanes', addresses };
}

/** The byte addresses of the four lanes. */
export function laneAddresses(access: Access, dtype: DType): readonly Polynomial[] {
  if (access.kind === 'lanes') return access.addresses;
  const { constant, monomials } = access.address;
  return Array.from({ length: LANES }, (_, lane) => ({ constant: constant + lane * byteSize(dtype), monomials }));
}
