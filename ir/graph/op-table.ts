import type { TensorData } from '../tensor-data.ts';
import { typeOfData } from './edit.ts';
import type { NodeOf, TensorType } from './graph.ts';
import type { OpName } from './op-attrs.ts';
import type { OpRow } from './op-row.ts';
import { argReduceRows } from './ops/arg-reduce.ts';
import { convRows } from './ops/conv.ts';
import { elementwiseRows } from './ops/elementwise.ts';
import { gatherRows } from './ops/gather.ts';
import { iotaRows } from './ops/iota.ts';
import { layoutRows } from './ops/layout.ts';
import { matmulRows } from './ops/matmul.ts';
import { movementRows } from './ops/movement.ts';
import { reduceRows } from './ops/reduce.ts';
import { scanRows } from './ops/scan.ts';
import { scatterRows } from './ops/scatter.ts';
import { structuralRows } from './ops/structural.ts';
import { topkRows } from './ops/topk.ts';
import { windowRows } from './ops/window.ts';

/** Every operator of the graph. */
export const opTable: { readonly [K in OpName]: OpRow<K> } = {
  ...elementwiseRows,
  ...layoutRows,
  ...movementRows,
  ...gatherRows,
  ...scatterRows,
  ...reduceRows,
  ...argReduceRows,
  ...scanRows,
  ...windowRows,
  ...matmulRows,
  ...convRows,
  ...iotaRows,
  ...topkRows,
  ...structuralRows((node, inputs) => evaluateNode(node, inputs)),
};

/** The types of a node's results as its operator infers them. Throws as `OpRow.infer` does. */
export function inferNode<K extends OpName>(
  node: Pick<NodeOf<K>, 'op' | 'attrs'>,
  inputs: readonly TensorType[],
): readonly TensorType[] {
  const row: OpRow<K> = opTable[node.op];
  return row.infer(inputs, node.attrs);
}

/**
 * The results of a node whose attributes hold no symbol (see `bindGraph`). Infers first, so that what fits only for some
 * values of a symbol is refused for the others. Throws as `OpRow.infer` and `OpRow.evaluate` do.
 */
export function evaluateNode<K extends OpName>(
  node: Pick<NodeOf<K>, 'op' | 'attrs'>,
  inputs: readonly TensorData[],
): readonly TensorData[] {
  const row: OpRow<K> = opTable[node.op];
  return row.evaluate(inputs, node.attrs, inferNode(node, inputs.map(typeOfData)));
}
