import type { Scope, TensorFunc, ThreadAxis } from '../ir/tensor/tensor-func.ts';
import type { Field } from './fields.ts';

/** The arguments of each primitive: plain JSON, in which loops, blocks and buffers stand by their names. */
export interface StepArgs {
  readonly split: {
    readonly loop: string;
    /** At most the first is null: what is left of the extent, rounded up. */
    readonly factors: readonly (number | null)[];
    readonly names?: readonly string[];
  };
  readonly fuse: { readonly loops: readonly string[]; readonly name?: string };
  readonly reorder: { readonly loops: readonly string[] };
  readonly tile: {
    readonly loops: readonly string[];
    readonly factors: readonly number[];
    /** The loops over tiles, then those inside of a tile. */
    readonly names?: readonly string[];
  };
  readonly 'loop-partition': {
    readonly loop: string;
    /** The first iteration of each part but the first, rising. */
    readonly at: readonly number[];
    readonly names?: readonly string[];
  };
  readonly vectorize: { readonly loop: string };
  readonly unroll: { readonly loop: string };
  readonly parallel: { readonly loop: string };
  readonly bind: { readonly loop: string; readonly axis: ThreadAxis };
  readonly annotate: { readonly target: string; readonly key: string; readonly value: string | number | boolean };
  readonly 'compute-inline': { readonly block: string };
  readonly 'reverse-compute-inline': { readonly block: string };
  readonly 'compute-at': { readonly block: string; readonly loop: string; readonly names?: readonly string[] };
  readonly 'reverse-compute-at': { readonly block: string; readonly loop: string; readonly names?: readonly string[] };
  readonly 'set-scope': { readonly buffer: string; readonly scope: Scope };
  readonly 'cache-write': { readonly block: string; readonly scope: Scope; readonly names?: readonly string[] };
  readonly 'cache-read': {
    readonly block: string;
    readonly buffer: string;
    readonly scope: Scope;
    readonly names?: readonly string[];
  };
  readonly 'reindex-cache-read': {
    readonly block: string;
    readonly buffer: string;
    readonly scope: Scope;
    readonly names?: readonly string[];
  };
  readonly 'decompose-reduction': {
    readonly block: string;
    readonly loop: string;
    readonly names?: readonly string[];
  };
  readonly rfactor: { readonly loop: string; readonly axis: number; readonly names?: readonly string[] };
  /** `multiples`: what the extent of each iteration variable of the block, in their order, is rounded up to. */
  readonly pad: { readonly block: string; readonly multiples: readonly number[] };
  readonly 'transform-layout': {
    readonly buffer: string;
    readonly layout: readonly PackedDim[];
    readonly names?: readonly string[];
  };
  readonly 'sample-categorical': {
    readonly name: string;
    readonly candidates: readonly Choice[];
    /** The position of the chosen candidate. */
    readonly decision: number;
  };
}

/** What a decision may choose. */
export type Choice = number | string | boolean;

/** One dimension of a packed layout: `floormod(floordiv(index[dim], div), mod)` of the index before. */
export interface PackedDim {
  readonly dim: number;
  readonly div?: number;
  readonly mod?: number;
}

export type PrimitiveName = keyof StepArgs;

/** One step of a schedule, plain JSON: `{ primitive: 'split', loop: 'i', factors: [null, 8] }`. */
export type Step = { [K in PrimitiveName]: { readonly primitive: K } & StepArgs[K] }[PrimitiveName];

export type Trace = readonly Step[];

/** The row of a primitive: what its arguments look like as JSON, and what it does. */
export interface Primitive<K extends PrimitiveName> {
  readonly name: K;
  readonly fields: { readonly [F in keyof StepArgs[K]]-?: Field };
  /** Throws a ScheduleError where the step is not legal on the function. */
  readonly apply: (func: TensorFunc, args: StepArgs[K]) => TensorFunc;
}
