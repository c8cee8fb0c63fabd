import { invariant } from '../../ir/errors.ts';
import { typeOfData } from '../../ir/graph/edit.ts';
import type { Graph, Node, NodeOf, TensorType, Value } from '../../ir/graph/graph.ts';
import type { OpAttrs, OpName } from '../../ir/graph/op-attrs.ts';
import { inferNode } from '../../ir/graph/op-table.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { removeDeadNodes } from './remove-dead-nodes.ts';

/** The graph that a rewrite builds, as far as it has come. Values are named; all names are those of the new graph. */
export interface NewGraph {
  typeOf(value: string): TensorType;
  /** The data of a constant; undefined for any other value. */
  constantOf(value: string): TensorData | undefined;
  /** The node that computes a value; undefined for inputs and constants. */
  producerOf(value: string): Node | undefined;
  /** How often a value is read, by the part of the old graph that stands for it and by nodes emitted so far. */
  usesOf(value: string): number;
  /** Adds a node with one result, named after `near`; gives the result's name. */
  emit<K extends OpName>(op: K, inputs: readonly string[], attrs: OpAttrs[K], near: string): string;
  emitAll<K extends OpName>(op: K, inputs: readonly string[], attrs: OpAttrs[K], near: string): readonly string[];
  constant(data: TensorData, near: string): string;
}

/** The values that stand for a node's outputs, or undefined where the node stays as it is. */
export type Rewrite = (node: Node, graph: NewGraph) => readonly string[] | undefined;

/**
 * Builds a graph anew, node by node in topological order. `rewrite` sees each node with its inputs already renamed to
 * those of the new graph. Nodes that nothing needs any more are left out; where nothing changes, the graph itself is
 * returned. `last` gives, at the end, the value that stands for an output (its type must be the old one's).
 */
export function rebuild(graph: Graph, rewrite: Rewrite, last?: (value: string, graph: NewGraph) => string): Graph {
  const building = new Building(graph);
  for (const node of graph.nodes) building.take(node, rewrite);
  const outputs = graph.outputs.map((output) => {
    const value = building.renamed(output.value);
    const given = last === undefined ? value : last(value, building);
    return given === output.value ? output : { name: output.name, value: given };
  });
  if (building.unchanged && outputs.every((output, i) => output === graph.outputs[i])) return removeDeadNodes(graph);
  return removeDeadNodes({ ...graph, constants: building.constants, nodes: building.nodes, outputs });
}

class Building implements NewGraph {
  readonly nodes: Node[] = [];
  readonly constants: { name: string; data: TensorData }[];
  unchanged = true;
  readonly #types = new Map<string, TensorType>();
  readonly #data = new Map<string, TensorData>();
  readonly #producers = new Map<string, Node>();
  readonly #renamed = new Map<string, string>();
  readonly #oldUses: ReadonlyMap<string, number>;
  readonly #uses: Map<string, number>;
  readonly #names: Set<string>;

  constructor(graph: Graph) {
    this.constants = [...graph.constants];
    this.#oldUses = countUses(graph);
    this.#uses = new Map(this.#oldUses);
    this.#names = namesOf(graph);
    for (const input of graph.inputs) this.#types.set(input.name, input.type);
    for (const { name, data } of graph.constants) this.#declareConstant(name, data);
  }

  take(node: Node, rewrite: Rewrite): void {
    const inputs = node.inputs.map((input) => this.renamed(input));
    const same = inputs.every((input, i) => input === node.inputs[i]);
    const renamed = same ? node : { ...node, inputs };
    const replaced = rewrite(renamed, this);
    if (replaced === undefined) {
      if (!same) this.unchanged = false;
      this.#add(renamed);
      return;
    }
    this.unchanged = false;
    node.outputs.forEach((output, i) => {
      const value = replaced[i];
      invariant(value !== undefined, `the rewrite of ${node.name} gives no result ${i}`);
      this.#renamed.set(output.name, value);
      this.#uses.set(value, this.usesOf(value) + (this.#oldUses.get(output.name) ?? 0));
    });
  }

  renamed(value: string): string {
    return this.#renamed.get(value) ?? value;
  }

  typeOf(value: string): TensorType {
    const type = this.#types.get(value);
    invariant(type !== undefined, `no value ${value} in the graph`);
    return type;
  }

  constantOf(value: string): TensorData | undefined {
    return this.#data.get(value);
  }

  producerOf(value: string): Node | undefined {
    return this.#producers.get(value);
  }

  usesOf(value: string): number {
    return this.#uses.get(value) ?? 0;
  }

  emit<K extends OpName>(op: K, inputs: readonly string[], attrs: OpAttrs[K], near: string): string {
    const [result] = this.emitAll(op, inputs, attrs, near);
    invariant(result !== undefined, `${op} near ${near} has no result`);
    return result;
  }

  emitAll<K extends OpName>(op: K, inputs: readonly string[], attrs: OpAttrs[K], near: string): readonly string[] {
    const types = inferNode(
      { op, attrs },
      inputs.map((input) => this.typeOf(input)),
    );
    const name = this.#fresh(near);
    const outputs: Value[] = types.map((type, i) => ({ name: i === 0 ? name : this.#fresh(near), type }));
    for (const input of inputs) this.#uses.set(input, this.usesOf(input) + 1);
    this.#add({ op, name, inputs, attrs, outputs } satisfies NodeOf<K> as unknown as Node);
    return outputs.map((output) => output.name);
  }

  constant(data: TensorData, near: string): string {
    const name = this.#fresh(near);
    this.constants.push({ name, data });
    this.#declareConstant(name, data);
    return name;
  }

  #declareConstant(name: string, data: TensorData): void {
    this.#data.set(name, data);
    this.#types.set(name, typeOfData(data));
  }

  #add(node: Node): void {
    this.nodes.push(node);
    for (const output of node.outputs) {
      this.#types.set(output.name, output.type);
      this.#producers.set(output.name, node);
    }
  }

  #fresh(near: string): string {
    const base = near.replace(/\.\d+$/, '');
    let name = `${base}.1`;
    for (let i = 2; this.#names.has(name); i++) name = `${base}.${i}`;
    this.#names.add(name);
    return name;
  }
}

/** How often each value is read: by nodes, an operand at a time, and as an output of the graph. */
export function countUses(graph: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const count = (value: string): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(count);
  for (const output of graph.outputs) count(output.value);
  return uses;
}

const namesOf = (graph: Graph): Set<string> =>
  new Set([
    ...graph.inputs.map((input) => input.name),
    ...graph.constants.map((constant) => constant.name),
    ...graph.nodes.flatMap((node) => [node.name, ...node.outputs.map((output) => output.name)]),
  ]);
