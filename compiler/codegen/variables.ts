import { boundsOf, type Interval } from '../../ir/tensor/bounds.ts';
import type { Let, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../ir/tensor/typing.ts';
import { mapChildren } from '../../ir/tensor/visit.ts';
import { hasOnlyVariables, type Monomial, type Polynomial, polynomialOf } from './polynomial.ts';

/**
 * What code generation knows of a function's variables, names being unique in it. Loops and immutable lets are scopes,
 * nested in each other; the function itself is the scope of depth 0, with the sizes and the base addresses.
 */
export interface Variables {
  /** The depth of the scope that binds a variable. Registers, which change, have none. */
  readonly depths: ReadonlyMap<string, number>;
  readonly ranges: ReadonlyMap<string, Interval>;
  /** Lets that are plain sums of products of variables: addresses are formed from those instead. */
  readonly polynomials: ReadonlyMap<string, Polynomial>;
}

const sizeRange: Interval = { min: 0, max: 2 ** 31 - 1 };

export function variablesOf(func: TensorFunc): Variables {
  const depths = new Map(func.sizes.map((size) => [size, 0]));
  const ranges = new Map(func.sizes.map((size) => [size, sizeRange]));
  const polynomials = new Map<string, Polynomial>();

  const enterLet = (stmt: Let, depth: number): void => {
    if (stmt.mutable) return;
    depths.set(stmt.name, depth);
    if (stmt.value.dtype !== 'i32' || lanesOf(stmt.value) !== 1) return;
    ranges.set(stmt.name, boundsOf(stmt.value, ranges));
    const polynomial = polynomialOf(stmt.value, polynomials);
    const isStable = [...polynomial.monomials.values()].every((one) => depthOfMonomial(one, depths) < depth);
    if (hasOnlyVariables(polynomial) && isStable) polynomials.set(stmt.name, polynomial);
  };
  const visit = (stmt: Stmt, depth: number): Stmt => {
    if (stmt.kind === 'for') {
      depths.set(stmt.loopVar, depth + 1);
      ranges.set(stmt.loopVar, { min: 0, max: Math.max(boundsOf(stmt.extent, ranges).max - 1, 0) });
    }
    if (stmt.kind === 'let') enterLet(stmt, depth + 1);
    const inner = opensScope(stmt) ? depth + 1 : depth;
    mapChildren(stmt, { expr: (expr) => expr, stmt: (child) => visit(child, inner) });
    return stmt;
  };
  visit(func.body, 0);
  return { depths, ranges, polynomials };
}

export const opensScope = (stmt: Stmt): boolean => stmt.kind === 'for' || (stmt.kind === 'let' && !stmt.mutable);

/**
 * The depth of the scope in which a product is known and does not change; infinite where it has to be formed at the
 * place of its use: a register changes, and a load may be guarded.
 */
export function depthOfMonomial({ atoms }: Monomial, depths: ReadonlyMap<string, number>): number {
  let depth = 0;
  for (const atom of atoms) {
    if (atom.hasLoad) return Number.POSITIVE_INFINITY;
    for (const name of atom.vars) depth = Math.max(depth, depths.get(name) ?? Number.POSITIVE_INFINITY);
  }
  return depth;
}
