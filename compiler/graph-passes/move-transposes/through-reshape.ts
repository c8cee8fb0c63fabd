import { type Dim, dimEquals, isStatic, type Shape } from '../../../ir/dim.ts';
import type { NodeOf } from '../../../ir/graph/graph.ts';
import { type Arrangements, arrange, arrangedAs, transposeOf } from './arrangement.ts';
import { inverse, isIdentity, type Permutation, permute } from './permutation.ts';

/** Axes of the operand and of the result of a reshape that hold the same elements, none of size 1. */
interface Group {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/**
 * reshape(transpose(x)) becomes transpose(reshape(x)): an axis that is split is split where it stands in x, axes that
 * are merged must be neighbours in x, in their order. Where they are not, x is transposed so far that they are, which
 * leaves the other axes as they stand. Axes of 1 stay beside the axis before them.
 */
export function throughReshape(node: NodeOf<'reshape'>, state: Arrangements): string | undefined {
  const value = node.inputs[0] as string;
  const { perm } = arrangedAs(value, state);
  const source = state.graph.typeOf(value).shape;
  const groups = isIdentity(perm) ? undefined : groupAxes(source, node.attrs.shape);
  if (groups === undefined) return undefined;
  const ordered = groups.toSorted((a, b) => placeOf(a, perm, source) - placeOf(b, perm, source));
  const base = arrange(value, wantedPermutation(source, ordered, perm), state);
  const target = orderOfResult(node.attrs.shape, ordered);
  const shape = permute(node.attrs.shape, target);
  const result = state.graph.emit('reshape', [base], { shape }, node.name);
  return transposeOf(result, inverse(target), state);
}

/** A group stands where its largest axis stands, so that the most stays in its order; of equal axes, the innermost. */
function placeOf(group: Group, perm: Permutation, source: Shape): number {
  const size = (axis: number): number => {
    const dim = source[axis] as Dim;
    return isStatic(dim) ? dim : Number.POSITIVE_INFINITY;
  };
  const places = group.from.toSorted((a, b) => size(b) - size(a) || (perm[b] as number) - (perm[a] as number));
  return perm[places[0] as number] as number;
}

/**
 * The arrangement of the operand in which each group's axes are neighbours: the groups in the given order, the axes of
 * 1 in front. `order` of x lists, for each of its axes, which axis of the value it is.
 */
function wantedPermutation(source: Shape, groups: readonly Group[], current: Permutation): Permutation {
  const grouped = groups.flatMap((group) => group.from);
  const nonUnit = inverse(current).filter((axis) => source[axis] !== 1);
  if (nonUnit.every((axis, i) => axis === grouped[i])) return current;
  const units = source.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
  return inverse([...units, ...grouped]);
}

/** The result's axes in the order in which they stand in memory. */
function orderOfResult(shape: Shape, groups: readonly Group[]): Permutation {
  const withUnits = (axis: number): number[] => {
    const axes = [axis];
    for (let next = axis + 1; shape[next] === 1; next++) axes.push(next);
    return axes;
  };
  const leading = shape.findIndex((dim) => dim !== 1);
  const front = Array.from({ length: leading < 0 ? shape.length : leading }, (_, axis) => axis);
  return [...front, ...groups.flatMap((group) => group.to.flatMap(withUnits))];
}

/** The smallest groups with equal products, or undefined where symbols or zeros stand in the way. */
function groupAxes(from: Shape, to: Shape): readonly Group[] | undefined {
  const [left, right] = [nonUnitAxes(from), nonUnitAxes(to)];
  const groups: Group[] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const group = nextGroup(from, to, left.slice(i), right.slice(j));
    if (group === undefined) return undefined;
    groups.push(group);
    i += group.from.length;
    j += group.to.length;
  }
  return i === left.length && j === right.length ? groups : undefined;
}

const nonUnitAxes = (shape: Shape): readonly number[] => shape.flatMap((dim, axis) => (dim === 1 ? [] : [axis]));

function nextGroup(from: Shape, to: Shape, left: readonly number[], right: readonly number[]): Group | undefined {
  const [a, b] = [from[left[0] as number] as Dim, to[right[0] as number] as Dim];
  if (dimEquals(a, b)) return { from: left.slice(0, 1), to: right.slice(0, 1) };
  let [i, j, leftSize, rightSize] = [1, 1, a, b];
  for (;;) {
    if (!isStatic(leftSize) || !isStatic(rightSize) || leftSize === 0 || rightSize === 0) return undefined;
    if (leftSize === rightSize) return { from: left.slice(0, i), to: right.slice(0, j) };
    const next = leftSize < rightSize ? from[left[i] ?? -1] : to[right[j] ?? -1];
    if (next === undefined || !isStatic(next)) return undefined;
    if (leftSize < rightSize) [leftSize, i] = [leftSize * next, i + 1];
    else [rightSize, j] = [rightSize * next, j + 1];
  }
}
