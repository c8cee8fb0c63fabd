import * as fc from 'fast-check';
import { shapeEquals } from '../../ir/dim.ts';
import { type DType, isBigInt, isFloat } from '../../ir/dtype.ts';
import { type BinaryOp, roundTo } from '../../ir/scalar.ts';
import {
  add,
  binary,
  block,
  buffer,
  constant,
  floordiv,
  floormod,
  int,
  less,
  load,
  loop,
  mul,
  seq,
  store,
  variable,
} from '../../ir/tensor/build.ts';
import type { Buffer, Expr, Iter, Stmt, TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { type Choices, choicesFrom } from './random.ts';
import { type Axis, randomExpr, type Surroundings } from './tensor-expr.ts';

export { randomInputs } from './tensor-inputs.ts';

export interface FuncOptions {
  /** The dtypes of results; i32 and u8 may be read besides. f32 first, as it is the simplest. */
  readonly dtypes?: readonly DType[];
  readonly maxStages?: number;
  /** The largest extent of a loop of results; one of a reduction is a little smaller. */
  readonly maxExtent?: number;
}

const usualDTypes: readonly DType[] = ['f32', 'f32', 'f32', 'i32', 'u8', 'f64', 'i64', 'f16', 'bool', 'i8', 'u32'];

/**
 * Small well-formed functions with static shapes, as lowering makes them: one to three stages, each a block under its
 * own loops (plain, tiled under a predicate, or one fused loop) that computes a buffer elementwise or by a reduction.
 */
export function arbitraryTensorFunc({
  dtypes = usualDTypes,
  maxStages = 3,
  maxExtent = 7,
}: FuncOptions = {}): fc.Arbitrary<TensorFunc> {
  return fc
    .record({
      stages: fc.integer({ min: 1, max: maxStages }),
      numbers: fc.array(fc.nat(255), { minLength: 60, maxLength: 160 }),
    })
    .map(({ stages, numbers }) => buildFunc(choicesFrom(numbers), stages, dtypes, maxExtent));
}

interface Draft {
  readonly choices: Choices;
  readonly inputs: Buffer[];
  readonly written: Buffer[];
  readonly maxExtent: number;
}

const maxInputs = 5;

function buildFunc(choices: Choices, stages: number, dtypes: readonly DType[], maxExtent: number): TensorFunc {
  const draft: Draft = { choices, inputs: [], written: [], maxExtent };
  const body = seq(Array.from({ length: stages }, (_, stage) => buildStage(draft, stage, choices.pick(dtypes))));
  const last = draft.written.length - 1;
  const isOutput = draft.written.map((_, i) => i === last || choices.chance(3));
  return {
    name: 'random',
    sizes: [],
    inputs: draft.inputs,
    outputs: draft.written.filter((_, i) => isOutput[i]),
    temps: draft.written.filter((_, i) => !isOutput[i]),
    body,
  };
}

/** One more input, or, when there are enough, the best that there is of the dtype. */
function newInput(draft: Draft, dtype: DType, shape: readonly number[]): Buffer {
  const same = draft.inputs.filter((input) => input.dtype === dtype);
  const equal = same.find((input) => shapeEquals(input.shape, shape));
  if (equal !== undefined) return equal;
  if (draft.inputs.length >= maxInputs && same[0] !== undefined) return same[0];
  const created = buffer(`in${draft.inputs.length}`, dtype, shape);
  draft.inputs.push(created);
  return created;
}

interface StageAxis extends Axis {
  readonly name: string;
  readonly kind: Iter['kind'];
}

function buildStage(draft: Draft, stage: number, dtype: DType): Stmt {
  const { choices, maxExtent } = draft;
  const shape = Array.from({ length: choices.below(4) }, () => 1 + choices.below(maxExtent));
  const reduced = choices.chance(2)
    ? Array.from({ length: 1 + choices.below(2) }, () => 1 + choices.below(maxExtent - 2))
    : [];
  const axis = (kind: Iter['kind'], extent: number, i: number): StageAxis => {
    const name = `v${stage}_${kind === 'spatial' ? 's' : 'r'}${i}`;
    return { name, kind, extent, value: variable(name) };
  };
  const spatial = shape.map((extent, i) => axis('spatial', extent, i));
  const axes = [...spatial, ...reduced.map((extent, i) => axis('reduce', extent, i))];
  const target = buffer(`t${stage}`, dtype, shape);
  const around: Surroundings = {
    choices,
    axes,
    readable: () => [...draft.inputs, ...draft.written],
    newInput: (type, dims) => newInput(draft, type, dims),
  };
  const value = randomExpr(around, dtype, 1 + choices.below(3));
  const at = spatial.map((each) => each.value);
  const stmt = placeBlock(
    choices,
    stage,
    axes,
    reduced.length > 0 ? reduction(choices, target, at, value) : { body: store(target, at, value) },
  );
  draft.written.push(target);
  return stmt;
}

interface Parts {
  readonly init?: Stmt;
  readonly body: Stmt;
}

function reduction(choices: Choices, target: Buffer, at: readonly Expr[], value: Expr): Parts {
  const [op, identity] = choices.pick(monoids(target.dtype));
  const start = isBigInt(target.dtype) ? BigInt(identity) : roundTo(target.dtype)(identity);
  return {
    init: store(target, at, constant(start, target.dtype)),
    body: store(target, at, binary(op, load(target, at), value)),
  };
}

/** Commutative reductions; a maximum may start anywhere, as the start takes part in it. */
function monoids(dtype: DType): readonly (readonly [BinaryOp, number])[] {
  if (dtype === 'bool')
    return [
      ['or', 0],
      ['and', 1],
      ['xor', 0],
    ];
  const low = isFloat(dtype) ? Number.NEGATIVE_INFINITY : 0;
  return [
    ['add', 0],
    ['max', low],
    ['mul', 1],
  ];
}

/** Puts a block under its loops: one a variable, some of them tiled under a predicate, or all fused into one. */
function placeBlock(choices: Choices, stage: number, axes: readonly StageAxis[], parts: Parts): Stmt {
  const form = choices.below(3);
  if (form === 2 && axes.length > 1) return placeFused(stage, axes, parts);
  const placed = axes.map((axis, i) =>
    placeAxis(`l${stage}_${i}`, axis, form === 1 && choices.chance(2) ? 2 + choices.below(3) : 1),
  );
  const predicates = placed.flatMap(({ predicate }) => (predicate === undefined ? [] : [predicate]));
  const [first, ...others] = predicates;
  const where = first === undefined ? {} : { predicate: others.reduce((all, each) => binary('and', all, each), first) };
  const inner = block({ name: `b${stage}`, iters: placed.map(({ iter }) => iter), ...where, ...parts });
  return placed
    .flatMap(({ loops }) => loops)
    .reduceRight<Stmt>((body, [name, extent]) => loop(name, int(extent), body), inner);
}

interface Placed {
  readonly iter: Iter;
  readonly loops: readonly (readonly [name: string, extent: number])[];
  readonly predicate?: Expr;
}

function placeAxis(name: string, { name: iterName, kind, extent }: StageAxis, tile: number): Placed {
  if (tile === 1) return { iter: { name: iterName, kind, extent, value: variable(name) }, loops: [[name, extent]] };
  const [outer, inner] = [`${name}o`, `${name}i`];
  const value = add(mul(variable(outer), int(tile)), variable(inner));
  const loops = [
    [outer, Math.ceil(extent / tile)],
    [inner, tile],
  ] as const;
  const iter: Iter = { name: iterName, kind, extent, value };
  return extent % tile === 0 ? { iter, loops } : { iter, loops, predicate: less(value, int(extent)) };
}

function placeFused(stage: number, axes: readonly StageAxis[], parts: Parts): Stmt {
  const name = `l${stage}_fused`;
  const total = axes.reduce((product, axis) => product * axis.extent, 1);
  let inner = total;
  const iters = axes.map(({ name: iterName, kind, extent }): Iter => {
    inner /= extent;
    return { name: iterName, kind, extent, value: floormod(floordiv(variable(name), int(inner)), int(extent)) };
  });
  return loop(name, int(total), block({ name: `b${stage}`, iters, ...parts }));
}
