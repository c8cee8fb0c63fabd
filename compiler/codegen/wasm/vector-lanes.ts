import type { DType } from '../../../ir/dtype.ts';
import type { Ref } from './binaryen.ts';
import { type Emitter, hold } from './emitter.ts';
import { LANES } from './value-type.ts';

const holdsFloats = (dtype: DType): boolean => dtype === 'f32' || dtype === 'f16';

/** A scalar in every lane. A bool, 0 or 1, becomes a mask. */
export function splat(e: Emitter, dtype: DType, scalar: Ref): Ref {
  if (holdsFloats(dtype)) return e.m.f32x4.splat(scalar);
  return e.m.i32x4.splat(dtype === 'bool' ? e.m.i32.sub(e.m.i32.const(0), scalar) : scalar);
}

export function extractLane(e: Emitter, dtype: DType, vector: Ref, lane: number): Ref {
  if (holdsFloats(dtype)) return e.m.f32x4.extract_lane(vector, lane);
  const value = e.m.i32x4.extract_lane(vector, lane);
  return dtype === 'bool' ? e.m.i32.and(value, e.m.i32.const(1)) : value;
}

/** The vector of four scalars, which are evaluated in the order of the lanes. */
export function assembleLanes(e: Emitter, dtype: DType, scalars: readonly Ref[]): Ref {
  const [first, ...rest] = scalars as [Ref, ...Ref[]];
  const replace = (vector: Ref, scalar: Ref, lane: number): Ref => {
    if (holdsFloats(dtype)) return e.m.f32x4.replace_lane(vector, lane, scalar);
    return e.m.i32x4.replace_lane(vector, lane, dtype === 'bool' ? e.m.i32.sub(e.m.i32.const(0), scalar) : scalar);
  };
  return rest.reduce((vector, scalar, i) => replace(vector, scalar, i + 1), splat(e, dtype, first));
}

/** An operation that has no vector instruction, lane by lane. */
export function perLane(
  e: Emitter,
  from: DType,
  to: DType,
  operands: readonly Ref[],
  f: (scalars: readonly Ref[]) => Ref,
): Ref {
  const held = operands.map((operand) => hold(e, 'v128', operand));
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    f(held.map(({ first, again }) => extractLane(e, from, lane === 0 ? first : again(), lane))),
  );
  return assembleLanes(e, to, lanes);
}
