import type { Shape } from '../dim.ts';
import type { DType } from '../dtype.ts';
import { VerifyError } from '../errors.ts';
import type { TensorData } from '../tensor-data.ts';
import { typeOfData } from './edit.ts';
import type { Constant, Graph, Node, NodeOf, Output, Value } from './graph.ts';
import type { OpAttrs, OpName } from './op-attrs.ts';
import { inferNode } from './op-table.ts';
import { atPlace, nodePlace } from './place.ts';

/**
 * Builds a graph value by value. Types of results are inferred, and what does not fit is refused where it is added, by
 * a `VerifyError` that names the node. A name that is taken gets a number.
 *
 * @example
 * const graph = new GraphBuilder('dense');
 * const x = graph.input('x', 'f32', [symbolDim('batch'), 4]);
 * const w = graph.constant({ dtype: 'f32', shape: [4, 2], data: new Float32Array(8) }, 'w');
 * const product = graph.op('matmul', [x, w], { transA: false, transB: false });
 * graph.output('y', graph.op('tanh', [product], {})); // f32[batch, 2]
 * const finished: Graph = graph.finish();
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #inputs: Value[] = [];
  readonly #constants: Constant[] = [];
  readonly #nodes: Node[] = [];
  readonly #outputs: Output[] = [];
  readonly #values = new Map<string, Value>();
  readonly #nodeNames = new Set<string>();
  /** The number to try next for each name that was taken. */
  readonly #counters = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Adds an input under exactly this name, which is part of the interface. Throws `VerifyError` where it is taken. */
  input(name: string, dtype: DType, shape: Shape): Value {
    if (this.#values.has(name)) throw this.#error(`input %${name} is already defined`);
    const value = this.#define(name, { dtype, shape });
    this.#inputs.push(value);
    return value;
  }

  constant(data: TensorData, name = 'constant'): Value {
    const value = this.#define(name, typeOfData(data));
    this.#constants.push({ name: value.name, data });
    return value;
  }

  /** Adds a node with one result. `name`, else the operator's, names the node and the result. */
  op<K extends OpName>(op: K, inputs: readonly Value[], attrs: OpAttrs[K], name?: string): Value {
    const [first, ...rest] = this.ops(op, inputs, attrs, name);
    if (first === undefined || rest.length > 0) throw this.#error(`${op} has more or less than one result: use ops`);
    return first;
  }

  /** Adds a node with any number of results. */
  ops<K extends OpName>(op: K, inputs: readonly Value[], attrs: OpAttrs[K], name: string = op): readonly Value[] {
    const nodeName = this.#unique(name);
    const place = nodePlace(this.#name, { name: nodeName, op });
    for (const input of inputs) {
      if (this.#values.get(input.name) !== input) {
        throw new VerifyError(place, `%${input.name} is no value of this graph`);
      }
    }
    const types = atPlace(place, () =>
      inferNode(
        { op, attrs },
        inputs.map(({ type }) => type),
      ),
    );
    const outputs = types.map((type, i) => this.#define(types.length === 1 ? nodeName : `${nodeName}.${i}`, type));
    const node: NodeOf<K> = { op, name: nodeName, inputs: inputs.map((input) => input.name), attrs, outputs };
    this.#nodeNames.add(nodeName);
    this.#nodes.push(node as Node);
    return outputs;
  }

  /** Gives a value under exactly this name. Throws `VerifyError` where it is taken or the value is of another graph. */
  output(name: string, value: Value): void {
    if (this.#outputs.some((output) => output.name === name)) throw this.#error(`output ${name} is already given`);
    if (this.#values.get(value.name) !== value) throw this.#error(`%${value.name} is no value of this graph`);
    this.#outputs.push({ name, value: value.name });
  }

  finish(): Graph {
    return {
      name: this.#name,
      inputs: [...this.#inputs],
      constants: [...this.#constants],
      nodes: [...this.#nodes],
      outputs: [...this.#outputs],
    };
  }

  #error(message: string): VerifyError {
    return new VerifyError(`graph ${this.#name}`, message);
  }

  #define(wanted: string, type: Value['type']): Value {
    const name = this.#unique(wanted);
    const value = { name, type };
    this.#values.set(name, value);
    return value;
  }

  /** A name that neither a value nor a node has, so that a node and its result can share one. */
  #unique(wanted: string): string {
    const taken = (name: string) => this.#values.has(name) || this.#nodeNames.has(name);
    if (!taken(wanted)) return wanted;
    let count = this.#counters.get(wanted) ?? 1;
    while (taken(`${wanted}_${count}`)) count++;
    this.#counters.set(wanted, count);
    return `${wanted}_${count}`;
  }
}
