import type { OnnxNode } from './node.ts';
import type { Operand } from './operand.ts';
import type { Writer } from './writer.ts';

/** How an ONNX operator becomes operators of the graph. */
export interface OnnxOpRow {
  /** The operator set that introduced the operator, where that is later than the oldest supported. */
  readonly since?: number;
  /** The attributes that the row knows; a node with another one is refused. */
  readonly attributes?: readonly string[];
  /** The node's outputs in order; trailing ones that the node does not want may be left out. */
  readonly import: (node: OnnxNode, g: Writer) => readonly Operand[];
}

export type OnnxOpRows = Readonly<Record<string, OnnxOpRow>>;

/** A row of an operator with one output. */
export const row = (
  importOne: (node: OnnxNode, g: Writer) => Operand,
  options: Omit<OnnxOpRow, 'import'> = {},
): OnnxOpRow => ({ ...options, import: (node, g) => [importOne(node, g)] });
