import { bindDim, dimSymbols, isStatic, printShape, shapeEquals } from '../dim.ts';
import { CompilerError, VerifyError } from '../errors.ts';
import { elementCount, type TensorData } from '../tensor-data.ts';
import { bindGraph } from './bind.ts';
import { typeOfData, valueTypes } from './edit.ts';
import type { Graph, Node, Value } from './graph.ts';
import { evaluateNode } from './op-table.ts';
import { printType } from './ops/checks.ts';
import { atPlace, nodePlace } from './place.ts';
import { runGraph } from './run-graph.ts';
import { solveSymbols } from './symbols.ts';

function checkInput(graph: Graph, { name, type }: Value, data: TensorData | undefined): TensorData {
  const place = `graph ${graph.name}, input ${name}`;
  if (data === undefined) throw new CompilerError(`${place}: missing`);
  if (data.dtype !== type.dtype) throw new CompilerError(`${place}: dtype ${data.dtype}, expected ${type.dtype}`);
  if (data.shape.length !== type.shape.length) throw shapeError(place, data, type.shape);
  if (data.data.length !== elementCount(data.shape)) {
    throw new CompilerError(`${place}: ${data.data.length} elements, but shape ${printShape(data.shape)}`);
  }
  return data;
}

const shapeError = (place: string, { shape }: TensorData, expected: Value['type']['shape']): CompilerError =>
  new CompilerError(`${place}: shape ${printShape(shape)}, expected ${printShape(expected)}`);

/** The values of the symbols in the inputs' shapes. */
function symbolsOf(graph: Graph, inputs: readonly TensorData[]): ReadonlyMap<string, number> {
  const patterns = graph.inputs.map(({ type }) => type.shape);
  const values = solveSymbols(
    patterns,
    inputs.map(({ shape }) => shape),
  );
  const symbols = new Map(
    [...values].flatMap(([symbol, value]) => (isStatic(value) ? [[symbol, value] as const] : [])),
  );
  graph.inputs.forEach(({ name, type }, i) => {
    const data = inputs[i] as TensorData;
    const bound = type.shape.map((dim) => bindDim(dim, symbols));
    if (shapeEquals(bound, data.shape)) return;
    const chosen = [...symbols].map(([symbol, value]) => `${symbol} = ${value}`).join(', ');
    const given = symbols.size === 0 ? '' : ` where ${chosen}`;
    throw new CompilerError(
      `graph ${graph.name}, input ${name}: shape ${printShape(data.shape)}, expected ${printShape(type.shape)}${given}`,
    );
  });
  return symbols;
}

function checkBound(graph: Graph): void {
  for (const [name, { shape }] of valueTypes(graph)) {
    const [symbol] = shape.flatMap(dimSymbols);
    if (symbol === undefined) continue;
    throw new CompilerError(
      `graph ${graph.name}: no input tells ${symbol} in the shape ${printShape(shape)} of %${name}`,
    );
  }
}

/** The graph's meaning, slowly: what tests compare with. Throws `CompilerError` where the inputs do not fit it. */
export function interpretGraph(graph: Graph, inputs: Readonly<Record<string, TensorData>>): Record<string, TensorData> {
  const unknown = Object.keys(inputs).find((name) => graph.inputs.every((input) => input.name !== name));
  if (unknown !== undefined) throw new CompilerError(`graph ${graph.name} has no input ${unknown}`);
  const operands = graph.inputs.map((input) => checkInput(graph, input, inputs[input.name]));
  const bound = bindGraph(graph, symbolsOf(graph, operands));
  checkBound(bound);
  const results = runGraph(bound, operands, (node, values) => evaluateAt(graph, node, values));
  return Object.fromEntries(graph.outputs.map(({ name }, i) => [name, results[i] as TensorData]));
}

function evaluateAt(graph: Graph, node: Node, values: readonly TensorData[]): readonly TensorData[] {
  const place = nodePlace(graph.name, node);
  const results = atPlace(place, () => evaluateNode(node, values));
  node.outputs.forEach(({ name, type }, i) => {
    const found = results[i];
    if (found?.dtype === type.dtype && shapeEquals(found.shape, type.shape)) return;
    const given = found === undefined ? 'nothing' : printType(typeOfData(found));
    throw new VerifyError(place, `%${name} is ${printType(type)}, but the operator gives ${given}`);
  });
  return results;
}
