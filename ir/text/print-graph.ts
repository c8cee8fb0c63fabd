import { printDim } from '../dim.ts';
import type { Constant, Graph, Node, TensorType, Value } from '../graph/graph.ts';
import type { TensorFunc } from '../tensor/tensor-func.ts';
import { bytesOf, newArray, type TensorData } from '../tensor-data.ts';
import { printName, printNumber } from './print-atoms.ts';
import { printTensorFunc } from './print-tensor.ts';

/**
 * The textual syntax of graphs:
 *
 *   graph @mlp(%x: f32[batch, 4]) -> ("probability" = %y) {
 *     constant %w: f32[4, 2] = [1, 0, 0, 1, 2, 0, 0, 2]
 *     %h: f32[batch, 2] = matmul(%x, %w) {transA = false, transB = false}
 *     %y: f32[batch, 2] = tanh(%h) @"a node's own name"
 *   }
 *
 * A node is named as its first result unless `@` says otherwise. Constants of more than 16 elements, and f16, are the
 * base64 of their little-endian bytes. The attributes `body` and `func` hold a whole graph or func.
 */
export function printGraph(graph: Graph): string {
  return `${printLines(graph, '').join('\n')}\n`;
}

function printLines(graph: Graph, indent: string): readonly string[] {
  const inputs = graph.inputs.map(printValue).join(', ');
  const outputs = graph.outputs
    .map(({ name, value }) => `${JSON.stringify(name)} = ${printName('%', value)}`)
    .join(', ');
  const inner = `${indent}  `;
  return [
    `graph ${printName('@', graph.name)}(${inputs}) -> (${outputs}) {`,
    ...graph.constants.map((constant) => inner + printConstant(constant)),
    ...graph.nodes.map((node) => inner + printNode(node, inner)),
    `${indent}}`,
  ];
}

const printType = ({ dtype, shape }: TensorType): string => `${dtype}[${shape.map(printDim).join(', ')}]`;
const printValue = ({ name, type }: Value): string => `${printName('%', name)}: ${printType(type)}`;

const printConstant = ({ name, data }: Constant): string =>
  `constant ${printValue({ name, type: data })} = ${printData(data)}`;

const mostListed = 16;

function printData(constant: TensorData): string {
  if (isListed(constant)) return `[${Array.from<number | bigint, string>(constant.data, printNumber).join(', ')}]`;
  return `base64 ${JSON.stringify(Buffer.from(bytesOf(constant.data)).toString('base64'))}`;
}

/** Few elements, and no NaN with bits of its own, which `nan` would lose. */
function isListed({ dtype, data }: TensorData): boolean {
  if (data.length > mostListed || dtype === 'f16') return false;
  const plain = newArray(dtype, data.length);
  data.forEach((value, i) => {
    plain[i] = Number.isNaN(value) ? Number.NaN : value;
  });
  return Buffer.compare(bytesOf(plain), bytesOf(data)) === 0;
}

function printNode(node: Node, indent: string): string {
  const results = node.outputs.map(printValue).join(', ');
  const operands = node.inputs.map((input) => printName('%', input)).join(', ');
  const name = node.name === node.outputs[0]?.name ? '' : ` @${JSON.stringify(node.name)}`;
  return `${results} = ${node.op}(${operands})${name}${printAttributes(node, indent)}`;
}

function printAttributes(node: Node, indent: string): string {
  const entries = Object.entries(node.attrs).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return '';
  return ` {${entries.map(([key, value]) => `${key} = ${printAttribute(node, key, value, indent)}`).join(', ')}}`;
}

function printAttribute(node: Node, key: string, value: unknown, indent: string): string {
  if (node.op === 'fused' && key === 'body') return printLines(value as Graph, indent).join('\n');
  if (node.op === 'call_tir' && key === 'func')
    return printTensorFunc(value as TensorFunc)
      .trimEnd()
      .replaceAll('\n', `\n${indent}`);
  if (Array.isArray(value)) return `[${value.map(printDim).join(', ')}]`;
  return JSON.stringify(value);
}
