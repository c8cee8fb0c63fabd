import { isStatic, printShape, type Shape, shapeEquals } from '../dim.ts';
import { VerifyError } from '../errors.ts';
import { verifyFunc } from '../tensor/verify.ts';
import { elementCount } from '../tensor-data.ts';
import { findCycle } from './cycle.ts';
import { producers, typeOfData } from './edit.ts';
import type { Graph, Node, TensorType, Value } from './graph.ts';
import { inferNode } from './op-table.ts';
import { printType } from './ops/checks.ts';
import { atPlace, nodePlace } from './place.ts';

/**
 * Checks what every pass may rely on: values and nodes have names of their own; a node reads what inputs, constants or
 * nodes before it give; results have the types that their operator infers; bodies of fused nodes and functions are
 * themselves well-formed. Throws `VerifyError` for the first that does not hold.
 */
export function verifyGraph(graph: Graph): void {
  const place = `graph ${graph.name}`;
  const types = new Map<string, TensorType>();
  const define = (at: string, name: string, type: TensorType): void => {
    if (types.has(name)) throw new VerifyError(at, `value %${name} is defined twice`);
    checkShape(`${at}, value %${name}`, type.shape);
    types.set(name, type);
  };
  for (const { name, type } of graph.inputs) define(place, name, type);
  for (const { name, data } of graph.constants) {
    define(place, name, typeOfData(data));
    if (data.data.length !== elementCount(data.shape)) {
      throw new VerifyError(
        place,
        `constant %${name} holds ${data.data.length} elements, but has shape ${printShape(data.shape)}`,
      );
    }
  }
  checkUnique(
    place,
    'node',
    graph.nodes.map(({ name }) => name),
  );
  for (const node of graph.nodes) {
    verifyNode(graph, node, types);
    for (const { name, type } of node.outputs) define(nodePlace(graph.name, node), name, type);
  }
  checkUnique(
    place,
    'output',
    graph.outputs.map(({ name }) => name),
  );
  for (const { name, value } of graph.outputs) {
    if (!types.has(value)) throw new VerifyError(place, `output ${name} gives %${value}, which is not defined`);
  }
}

function checkUnique(place: string, what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new VerifyError(place, `two ${what}s have the name ${name}`);
    seen.add(name);
  }
}

function checkShape(place: string, shape: Shape): void {
  for (const dim of shape) {
    if (isStatic(dim) && !(Number.isSafeInteger(dim) && dim >= 0)) throw new VerifyError(place, `a size of ${dim}`);
  }
}

function verifyNode(graph: Graph, node: Node, types: ReadonlyMap<string, TensorType>): void {
  const place = nodePlace(graph.name, node);
  const inputs = node.inputs.map((name) => types.get(name) ?? refuse(graph, place, name));
  if (node.op === 'fused') atPlace(place, () => verifyGraph(node.attrs.body));
  if (node.op === 'call_tir') atPlace(place, () => verifyFunc(node.attrs.func));
  const inferred = atPlace(place, () => inferNode(node, inputs));
  if (inferred.length !== node.outputs.length) {
    throw new VerifyError(place, `has ${node.outputs.length} results, expected ${inferred.length}`);
  }
  node.outputs.forEach((output, i) => checkResult(place, output, inferred[i] as TensorType));
}

function checkResult(place: string, { name, type }: Value, inferred: TensorType): void {
  if (type.dtype === inferred.dtype && shapeEquals(type.shape, inferred.shape)) return;
  throw new VerifyError(place, `%${name} is ${printType(type)}, expected ${printType(inferred)}`);
}

/** Says why a node cannot read a value. */
function refuse(graph: Graph, place: string, value: string): never {
  const producer = producers(graph).get(value);
  if (producer === undefined) throw new VerifyError(place, `reads %${value}, which is not defined`);
  const cycle = findCycle(graph);
  if (cycle !== undefined) {
    const names = [...cycle, cycle[0]].map((node) => node?.name);
    throw new VerifyError(`graph ${graph.name}`, `nodes form a cycle: ${names.join(' -> ')}`);
  }
  throw new VerifyError(place, `reads %${value}, which node ${producer.name} gives only later`);
}
