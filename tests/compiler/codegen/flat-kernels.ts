import * as fc from 'fast-check';
import {
  add,
  and,
  binary,
  broadcast,
  buffer,
  cast,
  constant,
  floordiv,
  floormod,
  int,
  less,
  load,
  loop,
  mul,
  ramp,
  select,
  seq,
  store,
  sub,
  variable,
} from '../../../ir/tensor/build.ts';
import type { Buffer, Expr, Stmt, TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import type { Sizes } from './run-kernel.ts';

/** A kernel in flat form with the inputs and sizes to call it with. */
export interface FlatKernel {
  readonly func: TensorFunc;
  readonly inputs: readonly TensorData[];
  readonly sizes: Sizes;
}

const ELEMENTS = 97;

/** Chooses by the numbers of a list, and by zeros when it has come to its end. */
type Choose = (count: number) => number;

/**
 * Nests of loops whose innermost statements sum up guarded loads, at indices that are random sums and products of loop
 * variables, lets, sizes, quotients and loaded numbers: most of them leave the buffer in some round, where the guard
 * must hold and nothing may trap.
 */
export const arbitraryFlatKernel = (): fc.Arbitrary<FlatKernel> =>
  fc.array(fc.nat(1023), { minLength: 30, maxLength: 120 }).map((numbers) => {
    let at = 0;
    return flatKernel((count) => (numbers[at++] ?? 0) % count);
  });

function flatKernel(choose: Choose): FlatKernel {
  const data = buffer('data', 'f32', [ELEMENTS]);
  const picks = buffer('picks', 'i32', [ELEMENTS]);
  const depth = 1 + choose(3);
  const extents = Array.from({ length: depth }, () => 1 + choose(4));
  const isSized = choose(3) === 0;
  const rounds = isSized ? choose(4) : (extents[depth - 1] as number);
  const total = extents.slice(0, -1).reduce((a, b) => a * b, 1) * Math.max(rounds, 1);
  const output = buffer('out', 'f32', [total * 4]);
  const body = nest(choose, { data, picks, output, extents, isSized }, 0, []);
  const zero = loop('z', int(total * 4), store(output, [variable('z')], constant(0, 'f32')));
  const func: TensorFunc = {
    name: 'flat',
    sizes: ['n', 'stride'],
    inputs: [data, picks],
    outputs: [output],
    temps: [],
    body: seq([zero, body]),
  };
  const floats = Float32Array.from({ length: ELEMENTS }, (_, i) => i + 1);
  const numbers = Int32Array.from({ length: ELEMENTS }, () => choose(ELEMENTS + 20) - 10);
  return {
    func,
    inputs: [
      { dtype: 'f32', shape: [ELEMENTS], data: floats },
      { dtype: 'i32', shape: [ELEMENTS], data: numbers },
    ],
    sizes: new Map([
      ['n', rounds],
      ['stride', choose(20)],
    ]),
  };
}

interface Frame {
  readonly data: Buffer;
  readonly picks: Buffer;
  readonly output: Buffer;
  readonly extents: readonly number[];
  readonly isSized: boolean;
}

function nest(choose: Choose, frame: Frame, depth: number, vars: readonly string[]): Stmt {
  const { extents } = frame;
  if (depth === extents.length) return leaf(choose, frame, vars);
  const name = `i${depth}`;
  const isLast = depth === extents.length - 1;
  const extent = isLast && frame.isSized ? variable('n') : int(extents[depth] as number);
  const inner = [...vars, name];
  if (choose(3) > 0) return loop(name, extent, nest(choose, frame, depth + 1, inner));
  const value = randomIndex(choose, frame, inner, 2);
  const body = nest(choose, frame, depth + 1, [...inner, `t${depth}`]);
  return loop(name, extent, { kind: 'let', name: `t${depth}`, mutable: false, value, body });
}

/** The place of this round in the output, which no other round has. */
function roundIndex({ extents, isSized }: Frame): Expr {
  return extents.reduce<Expr>((index, extent, depth) => {
    const rounds = isSized && depth === extents.length - 1 ? variable('n') : int(extent);
    return add(mul(index, rounds), variable(`i${depth}`));
  }, int(0));
}

function leaf(choose: Choose, frame: Frame, vars: readonly string[]): Stmt {
  const isVector = choose(2) === 0;
  const base = mul(roundIndex(frame), int(4));
  const shared = randomIndex(choose, frame, vars, 3);
  const terms = Array.from({ length: 1 + choose(4) }, () => {
    const index = choose(3) === 0 ? randomIndex(choose, frame, vars, 3) : add(shared, int(choose(40) - 20));
    return isVector ? guardedVector(choose, frame.data, index) : guardedScalar(frame.data, index);
  });
  const value = terms.reduce(add);
  return store(frame.output, [isVector ? ramp(base, 4) : base], value);
}

const isInside = (index: Expr, size: Expr, zero: Expr): Expr => and(binary('ge', index, zero), less(index, size));

const guardedScalar = (data: Buffer, index: Expr): Expr =>
  select(isInside(index, int(ELEMENTS), int(0)), load(data, [index]), constant(-1, 'f32'));

/** Four neighbours, four with a stride, or one four times: each lane is guarded for itself. */
function guardedVector(choose: Choose, data: Buffer, index: Expr): Expr {
  const splat = (value: Expr) => broadcast(value, 4);
  const vectors = [
    ramp(index, 4),
    binary('mul', ramp(index, 4), splat(int(3))),
    splat(index),
    sub(splat(int(50)), ramp(index, 4)),
  ];
  const at = vectors[choose(vectors.length)] as Expr;
  const guarded = select(
    isInside(at, splat(int(ELEMENTS)), splat(int(0))),
    load(data, [at]),
    splat(constant(-1, 'f32')),
  );
  return choose(4) === 0 ? add(guarded, cast(cast(at, 'i8'), 'f32')) : guarded;
}

function randomIndex(choose: Choose, frame: Frame, vars: readonly string[], size: number): Expr {
  const leafExpr = (): Expr => {
    const names = [...vars, ...(choose(4) === 0 ? ['n', 'stride'] : [])];
    return choose(4) === 0 ? int(choose(30) - 10) : variable(names[choose(names.length)] as string);
  };
  if (size === 0) return leafExpr();
  const operand = () => randomIndex(choose, frame, vars, size - 1);
  switch (choose(8)) {
    case 0:
      return sub(operand(), operand());
    case 1:
      return mul(operand(), int(choose(9) - 2));
    case 2:
      return mul(leafExpr(), leafExpr());
    case 3:
      return floordiv(operand(), int(1 + choose(5)));
    case 4:
      return load(frame.picks, [floormod(operand(), int(ELEMENTS))]);
    case 5:
      return leafExpr();
    default:
      return add(operand(), operand());
  }
}
