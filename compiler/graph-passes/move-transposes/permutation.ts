import type { Shape } from '../../../ir/dim.ts';

/** A transpose's `perm`: axis i of the result is axis perm[i] of the operand. */
export type Permutation = readonly number[];

export const identity = (rank: number): Permutation => Array.from({ length: rank }, (_, axis) => axis);

export const isIdentity = (perm: Permutation): boolean => perm.every((axis, i) => axis === i);

/** The permutation of transpose(transpose(x, first), second). */
export const compose = (first: Permutation, second: Permutation): Permutation =>
  second.map((axis) => first[axis] as number);

export function inverse(perm: Permutation): Permutation {
  const result = identity(perm.length).slice();
  perm.forEach((axis, i) => {
    result[axis] = i;
  });
  return result;
}

/** Acts on the last axes and leaves `added` new ones in front where they are. */
export const extend = (perm: Permutation, added: number): Permutation => [
  ...identity(added),
  ...perm.map((axis) => axis + added),
];

/** What stands at each axis of transpose(x, perm), when `items` stand at the axes of x. */
export const permute = <T>(items: readonly T[], perm: Permutation): readonly T[] =>
  perm.map((axis) => items[axis] as T);

/** The other way round: what stands at each axis of x, when `items` stand at the axes of transpose(x, perm). */
export const unpermute = <T>(items: readonly T[], perm: Permutation): readonly T[] => permute(items, inverse(perm));

/** Whether transpose(x, perm) moves only axes of size 1, so that it is a reshape; `shape` is that of x. */
export function movesOnlyUnitAxes(perm: Permutation, shape: Shape): boolean {
  const moved = perm.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number));
}
