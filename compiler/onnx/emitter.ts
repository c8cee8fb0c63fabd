import { type Dim, isStatic } from '../../ir/dim.ts';
import type { GraphBuilder } from '../../ir/graph/build.ts';
import type { TensorType, Value } from '../../ir/graph/graph.ts';
import type { OpAttrs, OpName } from '../../ir/graph/op-attrs.ts';
import { opTable } from '../../ir/graph/op-table.ts';
import { elementCount, type TensorData } from '../../ir/tensor-data.ts';
import { evaluateDims } from './dim-values.ts';
import { constantOperand, type DimsOperand, type Operand, staticShape, tensorOf } from './operand.ts';

/** Adds core operators to a graph, but for those whose result is known already. */
export interface Emitter {
  op<K extends OpName>(op: K, inputs: readonly Operand[], attrs: OpAttrs[K]): Operand;
  ops<K extends OpName>(op: K, inputs: readonly Operand[], attrs: OpAttrs[K]): readonly Operand[];
  /** The value of the graph that an operand stands for; a constant or dimension enters the graph here. */
  value(operand: Operand): Value;
  /** Names the nodes that follow. */
  at(name: string): void;
}

/** What is computed now is small: shapes and parameters. Folding the large constants is a choice of the graph passes. */
const maxFolded = 1 << 16;

export function createEmitter(builder: GraphBuilder): Emitter {
  const values = new WeakMap<Operand, Value>();
  const symbols = new Map<string, Operand>();
  let place = 'value';

  function value(operand: Operand): Value {
    if (operand.kind === 'value') return operand.value;
    const known = values.get(operand);
    if (known !== undefined) return known;
    const created =
      operand.kind === 'constant' ? builder.constant(operand.data, operand.name) : value(fromSymbols(operand));
    values.set(operand, created);
    return created;
  }

  function ops<K extends OpName>(op: K, inputs: readonly Operand[], attrs: OpAttrs[K]): readonly Operand[] {
    const types = opTable[op].infer(
      inputs.map(({ type }) => type),
      attrs,
    );
    const known = foldConstants(op, inputs, attrs, types) ?? foldDims(op, inputs, attrs, types);
    if (known !== undefined) return known;
    const results = builder.ops(op, inputs.map(value), attrs, place);
    return results.map((result) => ({ kind: 'value', type: result.type, value: result }));
  }

  function op<K extends OpName>(name: K, inputs: readonly Operand[], attrs: OpAttrs[K]): Operand {
    return ops(name, inputs, attrs)[0] as Operand;
  }

  /** Dimensions as elements of a tensor: a symbol is the sum of as many ones. */
  function fromSymbols({ type, dims }: DimsOperand): Operand {
    const parts = dims.map((dim) => op('reshape', [dimScalar(dim)], { shape: [1] }));
    const joined = parts.length === 1 ? (parts[0] as Operand) : op('concat', parts, { axis: 0 });
    const cast = type.dtype === 'i64' ? joined : op('cast', [joined], { to: type.dtype });
    return op('reshape', [cast], { shape: type.shape });
  }

  function dimScalar(dim: Dim): Operand {
    const number = (n: number) => constantOperand(tensorOf('i64', [], [n]));
    if (isStatic(dim)) return number(dim);
    return dim.terms.reduce<Operand>(
      (sum, { symbol, coefficient }) =>
        op('add', [sum, op('mul', [symbolScalar(symbol), number(coefficient)], {})], {}),
      number(dim.constant),
    );
  }

  function symbolScalar(symbol: string): Operand {
    const known = symbols.get(symbol);
    if (known !== undefined) return known;
    const shape = [{ constant: 0, terms: [{ symbol, coefficient: 1 }] }];
    const ones = op('broadcast_to', [constantOperand(tensorOf('i64', [], [1]))], { shape });
    const count = op('reduce_sum', [ones], { axes: [0], keepDims: false });
    symbols.set(symbol, count);
    return count;
  }

  return { op, ops, value, at: (name) => void (place = name) };
}

function foldConstants<K extends OpName>(
  op: K,
  inputs: readonly Operand[],
  attrs: OpAttrs[K],
  types: readonly TensorType[],
) {
  const data = inputs.flatMap((input) => (input.kind === 'constant' ? [input.data] : []));
  if (data.length < inputs.length) return undefined;
  const shapes = [...inputs, ...types.map((type) => ({ type }))].map(({ type }) => staticShape(type.shape));
  if (shapes.some((shape) => shape === undefined || elementCount(shape) > maxFolded)) return undefined;
  return opTable[op].evaluate(data, attrs, types).map((result) => constantOperand(result));
}

function foldDims<K extends OpName>(
  op: K,
  inputs: readonly Operand[],
  attrs: OpAttrs[K],
  types: readonly TensorType[],
) {
  const [type] = types;
  if (type === undefined || !inputs.some(({ kind }) => kind === 'dims')) return undefined;
  const folded = evaluateDims(op, inputs, attrs, type, evaluateNow);
  return folded && [folded];
}

function evaluateNow<K extends OpName>(op: K, inputs: readonly TensorData[], attrs: OpAttrs[K]): TensorData {
  const types = opTable[op].infer(
    inputs.map(({ dtype, shape }) => ({ dtype, shape })),
    attrs,
  );
  return opTable[op].evaluate(inputs, attrs, types)[0] as TensorData;
}
