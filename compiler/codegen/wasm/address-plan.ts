import { boundsOf, type Interval, type Ranges } from '../../../ir/tensor/bounds.ts';
import { addIntervals, multiplyIntervals, point } from '../../../ir/tensor/interval.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { type Monomial, type Polynomial, variablePart } from '../polynomial.ts';
import { depthOfMonomial, type Variables } from '../variables.ts';
import { isBase } from './access.ts';
import { visitAccesses } from './visit-accesses.ts';

/**
 * How the addresses that differ only by a constant are formed: from one pointer, which includes `bias`. What is left of
 * the constant becomes the instruction's own offset. The sum of pointer and offset does not wrap around as i32.add
 * does, so that needs a pointer that is no negative number wherever it is used; else the constant is added in code.
 */
export interface StreamPlan {
  readonly bias: number;
  readonly hasImmediate: boolean;
}

export interface AddressPlan {
  /** By the variable part of the address. */
  readonly streams: ReadonlyMap<string, StreamPlan>;
  /** Loops with so many pointers that one offset, added to what does not change, is cheaper than moving them all. */
  readonly crowded: ReadonlySet<string>;
}

/** Of 15 general registers, the memory's base and a counter take two. */
const MOST_POINTERS = 12;

interface Stream {
  readonly depth: number;
  /** The least that pointer minus base address can be. */
  readonly least: number;
  readonly min: number;
  readonly isSingle: boolean;
  /** Whether the least address is accessed in every round of the scope that the stream moves in. */
  readonly minIsCertain: boolean;
}

export function planAddresses(func: TensorFunc, variables: Variables): AddressPlan {
  const streams = new Map<string, Stream>();
  const pointers = new Map<string, Set<string>>();
  visitAccesses(func, variables, (access, guardDepth) => {
    for (const address of access.kind === 'lanes' ? access.addresses : [access.address]) {
      const key = variablePart(address);
      streams.set(key, extendStream(streams.get(key) ?? newStream(address, variables), address.constant, guardDepth));
      const scope = deepestVariable(address, variables);
      if (scope !== undefined) pointers.set(scope, (pointers.get(scope) ?? new Set()).add(key));
    }
  });
  const crowded = [...pointers].filter(([, keys]) => keys.size > MOST_POINTERS).map(([scope]) => scope);
  return {
    streams: new Map([...streams].map(([key, stream]) => [key, planStream(stream)])),
    crowded: new Set(crowded),
  };
}

function newStream(address: Polynomial, { depths, ranges }: Variables): Stream {
  const monomials = [...address.monomials.values()];
  const depth = Math.max(...monomials.map((one) => depthOfMonomial(one, depths)));
  const least = monomials.reduce((sum, one) => addIntervals(sum, boundsOfMonomial(one, ranges)), point(0)).min;
  return { depth, least, min: Number.POSITIVE_INFINITY, isSingle: true, minIsCertain: false };
}

function extendStream(stream: Stream, constant: number, guardDepth: number): Stream {
  const { depth, min } = stream;
  const isSingle = stream.isSingle && (constant === min || min === Number.POSITIVE_INFINITY);
  const certain = guardDepth < depth && Number.isFinite(depth);
  const minIsCertain = constant < min ? certain : stream.minIsCertain || (certain && constant === min);
  return { ...stream, min: Math.min(min, constant), isSingle, minIsCertain };
}

function planStream({ least, min, isSingle, minIsCertain }: Stream): StreamPlan {
  if (least >= 0 && min >= 0) return { bias: 0, hasImmediate: true };
  return { bias: min, hasImmediate: isSingle || minIsCertain || least + min >= 0 };
}

function boundsOfMonomial({ coefficient, atoms }: Monomial, ranges: Ranges): Interval {
  if (atoms.some((atom) => isBase(atom.expr))) return point(0);
  return atoms.reduce((product, atom) => multiplyIntervals(product, boundsOf(atom.expr, ranges)), point(coefficient));
}

/** The variable of the innermost scope that the pointer depends on: for a loop's, it moves with the loop. */
function deepestVariable(address: Polynomial, { depths }: Variables): string | undefined {
  let [deepest, depth]: [string | undefined, number] = [undefined, 0];
  for (const one of address.monomials.values()) {
    if (!Number.isFinite(depthOfMonomial(one, depths))) continue;
    for (const name of one.atoms.flatMap((atom) => [...atom.vars])) {
      const at = depths.get(name) ?? 0;
      if (at > depth) [deepest, depth] = [name, at];
    }
  }
  return deepest;
}
