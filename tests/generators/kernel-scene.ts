import { type DType, isBigInt } from '../../ir/dtype.ts';
import { f16FromNumber } from '../../ir/f16.ts';
import type { GraphBuilder } from '../../ir/graph/build.ts';
import type { Value } from '../../ir/graph/graph.ts';
import { elementCount, newArray, type TensorData } from '../../ir/tensor-data.ts';
import { Choice } from './graph.ts';
import { randomNumbers } from './random.ts';
import { randomTensor } from './tensor-inputs.ts';

/** Sizes at and around those of vectors and register tiles, so that main loops and remainders both run. */
export const sizes: readonly number[] = [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 19, 23, 33];

export const shapeOf = (value: Value): readonly number[] => value.type.shape as readonly number[];

/** A graph in the making, its decisions and the tensors that will be fed to it. */
export class KernelScene {
  readonly inputs: Record<string, TensorData> = {};
  readonly builder: GraphBuilder;
  choice = new Choice([]);
  readonly #random: () => number;
  #inexact = false;
  #outputs = 0;

  constructor(builder: GraphBuilder, seed: number) {
    this.builder = builder;
    this.#random = randomNumbers(seed);
  }

  /** The next part of the graph takes its decisions from this list: parts then shrink on their own. */
  decide(numbers: readonly number[]): void {
    this.choice = new Choice(numbers);
  }

  /** Whether results may differ by rounding from here on, so that nothing may depend on which side of a step they are. */
  get isExact(): boolean {
    return !this.#inexact;
  }

  /** Whether the next thing is the rarer of two. */
  rarely(odds = 4): boolean {
    return this.choice.next(odds) === odds - 1;
  }

  roundsDifferently(): void {
    this.#inexact = true;
  }

  /** A value from outside: an input of the graph, or a constant. */
  source(dtype: DType, shape: readonly number[], isConstant = this.rarely(3)): Value {
    const data = randomTensor(dtype, shape, this.#random);
    return this.place(data, isConstant);
  }

  place(data: TensorData, isConstant: boolean): Value {
    if (isConstant) return this.builder.constant(data);
    const name = `x${Object.keys(this.inputs).length}`;
    this.inputs[name] = data;
    return this.builder.input(name, data.dtype, data.shape);
  }

  output(value: Value): void {
    this.builder.output(`y${this.#outputs++}`, value);
  }

  /** An index tensor of i64 or i32, some of them counted from the end. */
  indices(shape: readonly number[], size: number): Value {
    const dtype = this.choice.pick(['i64', 'i32'] as const);
    const data = newArray(dtype, elementCount(shape));
    for (let i = 0; i < data.length; i++) {
      const index = Math.floor(this.#random() * 2 * size) - size;
      data[i] = dtype === 'i64' ? BigInt(index) : index;
    }
    return this.place({ dtype, shape, data }, this.rarely(2));
  }

  size(max = 40): number {
    const size = this.choice.pick(sizes);
    return size <= max ? size : max;
  }

  /** A shape of the given rank, of at most `limit` elements. */
  shape(rank: number, limit = 4000): readonly number[] {
    const shape: number[] = [];
    let room = limit;
    for (let axis = 0; axis < rank; axis++) {
      const dim = this.size(Math.max(1, room));
      shape.push(dim);
      room = Math.floor(room / dim);
    }
    return shape;
  }

  scalar({ type: { dtype } }: Value, number: number): Value {
    const data = newArray(dtype, 1);
    data[0] = isBigInt(dtype) ? BigInt(number) : dtype === 'f16' ? f16FromNumber(number) : number;
    return this.builder.constant({ dtype, shape: [], data });
  }

  /** Some of the axes, at least one, in order. */
  axes(rank: number): readonly number[] {
    const chosen = Array.from({ length: rank }, (_, axis) => axis).filter(() => this.choice.next(2) === 1);
    return chosen.length > 0 ? chosen : [this.choice.next(rank)];
  }
}
