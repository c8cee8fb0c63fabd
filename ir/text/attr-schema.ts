import { isStatic, type Shape } from '../dim.ts';
import { type DType, dtypes } from '../dtype.ts';
import type { Graph } from '../graph/graph.ts';
import type { OpAttrs, OpName } from '../graph/op-attrs.ts';
import { binaryOps, unaryOps } from '../scalar.ts';
import type { TensorFunc } from '../tensor/tensor-func.ts';

/** The value of an attribute as it is written. */
export type WrittenAttr =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  /** Without quotes: no attribute has such values. */
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'list'; readonly value: Shape }
  | { readonly kind: 'graph'; readonly value: Graph }
  | { readonly kind: 'func'; readonly value: TensorFunc };

export interface AttrReader {
  /** As in "expected an integer". */
  readonly expected: string;
  /** Undefined where the written value is of another type. */
  readonly read: (written: WrittenAttr) => unknown;
}

/** What an attribute of type V may hold. Invariant in V, so that a list of words is refused unless it has them all. */
export interface AttrType<in out V> extends AttrReader {
  readonly read: (written: WrittenAttr) => V | undefined;
}

/** The type of every attribute; all are required. */
export type AttrSchema<A> = { readonly [F in keyof A]: AttrType<A[F]> };

const integer: AttrType<number> = {
  expected: 'an integer',
  read: (written) => (written.kind === 'integer' ? written.value : undefined),
};
const boolean: AttrType<boolean> = {
  expected: 'true or false',
  read: (written) => (written.kind === 'boolean' ? written.value : undefined),
};
const dims: AttrType<Shape> = {
  expected: 'a list of dimensions',
  read: (written) => (written.kind === 'list' ? written.value : undefined),
};
const integers: AttrType<readonly number[]> = {
  expected: 'a list of integers',
  read: (written) => (written.kind === 'list' && written.value.every(isStatic) ? written.value : undefined),
};
const graph: AttrType<Graph> = {
  expected: 'a graph',
  read: (written) => (written.kind === 'graph' ? written.value : undefined),
};
const func: AttrType<TensorFunc> = {
  expected: 'a func',
  read: (written) => (written.kind === 'func' ? written.value : undefined),
};

function oneOf<const W extends readonly string[]>(words: W): AttrType<W[number]> {
  return {
    expected: `one of ${words.map((word) => JSON.stringify(word)).join(', ')}`,
    read: (written) => (written.kind === 'string' ? words.find((word) => word === written.value) : undefined),
  };
}

const dtype: AttrType<DType> = oneOf(dtypes);
const reduction = oneOf(['none', 'add', 'mul', 'min', 'max']);

const elementwise = Object.fromEntries([...unaryOps, ...binaryOps].map((op) => [op, {}])) as {
  readonly [K in (typeof unaryOps)[number] | (typeof binaryOps)[number]]: AttrSchema<OpAttrs[K]>;
};
const reduce = { axes: integers, keepDims: boolean };
const argReduce = { axis: integer, keepDims: boolean, selectLast: boolean };
const scan = { axis: integer, exclusive: boolean, reverse: boolean };
const window = { window: integers, strides: integers, dilations: integers };

/** The attributes of every operator. */
export const attrSchemas: { readonly [K in OpName]: AttrSchema<OpAttrs[K]> } = {
  ...elementwise,
  select: {},
  cast: { to: dtype },
  bitcast: { to: dtype },
  reshape: { shape: dims },
  transpose: { perm: integers },
  broadcast_to: { shape: dims },
  slice: { starts: dims, sizes: dims, steps: integers },
  pad: { before: integers, after: integers, mode: oneOf(['constant', 'edge', 'reflect', 'wrap']) },
  concat: { axis: integer },
  gather: { axis: integer },
  gather_elements: { axis: integer },
  gather_nd: { batchDims: integer },
  scatter_elements: { axis: integer, reduction },
  scatter_nd: { reduction },
  iota: { shape: dims, axis: integer, dtype },
  reduce_sum: reduce,
  reduce_prod: reduce,
  reduce_max: reduce,
  reduce_min: reduce,
  argmax: argReduce,
  argmin: argReduce,
  cumsum: scan,
  cumprod: scan,
  window_sum: window,
  window_max: window,
  matmul: { transA: boolean, transB: boolean },
  conv: { strides: integers, dilations: integers, groups: integer, channels: oneOf(['first', 'last']) },
  topk: { axis: integer, k: integer, largest: boolean },
  call_tir: { func },
  fused: { body: graph },
};

export const isOpName = (name: string): name is OpName => Object.hasOwn(attrSchemas, name);
