import * as fc from 'fast-check';
import type { DType } from '../../ir/dtype.ts';
import { GraphBuilder } from '../../ir/graph/build.ts';
import type { Graph, Value } from '../../ir/graph/graph.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';
import { graphMoves } from './graph-moves.ts';

/** A program with an input for each of its graph's inputs. */
export interface GraphCase {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, TensorData>>;
}

/**
 * Random graphs over most operators, with small static shapes and inputs to run them on. Every float is a small
 * integer, so that arithmetic is exact in any order: a pass that keeps the meaning keeps the bits.
 */
export function arbitraryGraph(options: { readonly maxSteps?: number } = {}): fc.Arbitrary<GraphCase> {
  const dim = fc.integer({ min: 1, max: 4 });
  const shape = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 1, max: 2 }), dim, dim, dim) },
    { weight: 1, arbitrary: fc.array(dim, { minLength: 1, maxLength: 3 }) },
  );
  const steps = fc.array(fc.array(fc.nat({ max: 1 << 16 }), { minLength: 10, maxLength: 10 }), {
    minLength: 1,
    maxLength: options.maxSteps ?? 12,
  });
  return fc.record({ shapes: fc.array(shape, { minLength: 1, maxLength: 2 }), steps, seed: fc.nat() }).map(buildCase);
}

interface Recipe {
  readonly shapes: readonly (readonly number[])[];
  readonly steps: readonly (readonly number[])[];
  readonly seed: number;
}

function buildCase({ shapes, steps, seed }: Recipe): GraphCase {
  const builder = new GraphBuilder('random');
  const pool: Value[] = shapes.map((shape, i) => builder.input(`x${i}`, 'f32', shape));
  const ends = new Set<Value>();
  for (const step of steps) {
    const choice = new Choice(step);
    const move = choice.pick(graphMoves);
    const results = move({ builder, choice, value: choice.pickLate(pool), pool });
    for (const result of results) if (elementCount(result.type.shape as number[]) <= 768) pool.push(result);
    const last = pool.at(-1);
    if (last !== undefined && choice.next(4) === 0) ends.add(last);
  }
  ends.add(pool.at(-1) as Value);
  [...ends].forEach((value, i) => {
    builder.output(`y${i}`, value);
  });
  const graph = builder.finish();
  const entries = graph.inputs.map(({ name, type }, i) => [
    name,
    smallIntegers('f32', type.shape as number[], seed + i),
  ]);
  return { graph, inputs: Object.fromEntries(entries) };
}

/** Decisions that shrink: each takes the next number of a list, and zeros after its end. */
export class Choice {
  readonly #numbers: readonly number[];
  #position = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** An integer of 0 … count-1. */
  next(count: number): number {
    return (this.#numbers[this.#position++] ?? 0) % Math.max(1, count);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.next(items.length)] as T;
  }

  /** Prefers what was added last, so that chains grow. */
  pickLate<T>(items: readonly T[]): T {
    const back = this.next(2) === 0 ? 0 : this.next(items.length);
    return items[items.length - 1 - back] as T;
  }
}

/** Integers of -4 … 4. */
export function smallIntegers(dtype: DType, shape: readonly number[], seed: number): TensorData {
  const data = newArray(dtype, elementCount(shape));
  let state = (seed * 2654435761 + 12345) >>> 0;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const value = dtype === 'bool' ? state >>> 31 : ((state >>> 16) % 9) - 4;
    data[i] = dtype === 'i64' || dtype === 'u64' ? BigInt(value) : value;
  }
  return { dtype, shape, data };
}
