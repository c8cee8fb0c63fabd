import { isStatic, type Shape, shapeEquals } from '../../../ir/dim.ts';
import { byteSize } from '../../../ir/dtype.ts';
import type { TensorType } from '../../../ir/graph/graph.ts';
import type { NewGraph } from '../rebuild.ts';
import {
  compose,
  extend,
  identity,
  inverse,
  isIdentity,
  movesOnlyUnitAxes,
  type Permutation,
  permute,
} from './permutation.ts';

/** A value as the transpose of another, `base`; with the identity where it is none. */
export interface Arranged {
  readonly base: string;
  readonly perm: Permutation;
}

/** What the pass knows beside the new graph. */
export interface Arrangements {
  readonly graph: NewGraph;
  /** Transposes that the pass has asked for, by operand and permutation. */
  readonly transposed: Map<string, string>;
  /** Values that a node reads as they are, so that their transpose is computed anyway. */
  readonly materialized: Set<string>;
}

export function arrangedAs(value: string, { graph }: Arrangements): Arranged {
  const producer = graph.producerOf(value);
  if (producer?.op === 'transpose') return { base: producer.inputs[0] as string, perm: producer.attrs.perm };
  return { base: value, perm: identity(graph.typeOf(value).shape.length) };
}

/** How `base`, with axes of 1 added in front, is permuted to give a value w such that value = transpose(w, perm). */
function pathTo(value: string, perm: Permutation, state: Arrangements): Arranged {
  const arranged = arrangedAs(value, state);
  const added = perm.length - arranged.perm.length;
  return { base: arranged.base, perm: compose(extend(arranged.perm, added), inverse(perm)) };
}

const paddedShape = (shape: Shape, rank: number): Shape => [
  ...new Array<number>(rank - shape.length).fill(1),
  ...shape,
];

const hasOneElement = (shape: Shape): boolean => shape.every((dim) => dim === 1);

/** Bytes that must be moved so that an operand (of a rank up to that of `perm`) stands as `perm` wants it. */
export function costOf(value: string, perm: Permutation, state: Arrangements): number {
  const type = state.graph.typeOf(value);
  if (hasOneElement(type.shape) || state.graph.constantOf(value) !== undefined) return 0;
  if (isIdentity(perm) && (state.materialized.has(value) || isIdentity(arrangedAs(value, state).perm))) return 0;
  const path = pathTo(value, perm, state);
  const shape = paddedShape(state.graph.typeOf(path.base).shape, perm.length);
  if (movesOnlyUnitAxes(path.perm, shape) || state.transposed.has(keyOf(path))) return 0;
  return roughBytes(type);
}

/**
 * Gives w such that value = transpose(w, perm), where the value gets axes of 1 in front up to the permutation's rank.
 * Operands of one element are given as they are: they broadcast everywhere.
 */
export function arrange(value: string, perm: Permutation, state: Arrangements): string {
  const { graph } = state;
  if (hasOneElement(graph.typeOf(value).shape)) return value;
  if (isIdentity(perm) && graph.typeOf(value).shape.length === perm.length) return value;
  const path = pathTo(value, perm, state);
  const shape = paddedShape(graph.typeOf(path.base).shape, perm.length);
  const padded = reshaped(path.base, shape, graph);
  if (movesOnlyUnitAxes(path.perm, shape)) return reshaped(padded, permute(shape, path.perm), graph);
  const known = state.transposed.get(keyOf(path));
  if (known !== undefined) return known;
  const result = graph.emit('transpose', [padded], { perm: path.perm }, value);
  state.transposed.set(keyOf(path), result);
  return result;
}

/** transpose(value, perm), as the value itself or a reshape where it moves no data. */
export function transposeOf(value: string, perm: Permutation, state: Arrangements): string {
  if (isIdentity(perm)) return value;
  return state.graph.emit('transpose', [value], { perm }, value);
}

function reshaped(value: string, shape: Shape, graph: NewGraph): string {
  return shapeEquals(graph.typeOf(value).shape, shape) ? value : graph.emit('reshape', [value], { shape }, value);
}

const keyOf = ({ base, perm }: Arranged): string => `${perm.join()} ${base}`;

/** For comparing; a symbol counts as 1. */
const roughBytes = ({ dtype, shape }: TensorType): number =>
  shape.reduce<number>((product, dim) => product * (isStatic(dim) ? dim : 1), byteSize(dtype));
