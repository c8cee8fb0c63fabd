import type { DType } from '../../dtype.ts';
import { invariant } from '../../errors.ts';
import type { TensorData, TypedArray } from '../../tensor-data.ts';
import type { TensorType } from '../graph.ts';
import type { OpAttrs, OpName } from '../op-attrs.ts';
import type { FusionKind, OpRow } from '../op-row.ts';
import { check } from './checks.ts';

/** The operands of an operator with a fixed number of them, or of one that takes any number. */
interface Operands<T> {
  readonly 0: readonly [];
  readonly 1: readonly [T];
  readonly 2: readonly [T, T];
  readonly 3: readonly [T, T, T];
  readonly any: readonly T[];
}

interface ConcreteType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

interface SingleResult<K extends OpName, N extends keyof Operands<unknown>> {
  readonly kind: FusionKind;
  readonly operands: N;
  readonly infer: (inputs: Operands<TensorType>[N], attrs: OpAttrs[K]) => TensorType;
  /** The elements of the result. */
  readonly evaluate: (inputs: Operands<TensorData>[N], attrs: OpAttrs[K], result: ConcreteType) => TypedArray;
}

/** The row of an operator with one result: counts the operands, and gives the elements their type. */
export function singleResult<K extends OpName, N extends keyof Operands<unknown>>(row: SingleResult<K, N>): OpRow<K> {
  return {
    kind: row.kind,
    infer: (inputs, attrs) => {
      checkOperands(row.operands, inputs.length);
      return [row.infer(inputs as Operands<TensorType>[N], attrs)];
    },
    evaluate: (inputs, attrs, outputs) => {
      checkOperands(row.operands, inputs.length);
      const result = concrete(outputs[0]);
      return [{ ...result, data: row.evaluate(inputs as Operands<TensorData>[N], attrs, result) }];
    },
  };
}

function checkOperands(expected: number | 'any', found: number): void {
  check(expected === 'any' || expected === found, () => `takes ${expected} operands, has ${found}`);
}

export function concrete(type: TensorType | undefined): ConcreteType {
  invariant(type?.shape.every(Number.isInteger), 'an operator with symbolic dimensions was evaluated');
  return type as ConcreteType;
}
