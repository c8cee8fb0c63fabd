import { CompilerError, UnsupportedError, VerifyError } from '../errors.ts';
import type { OpName } from './op-attrs.ts';

/** How messages name a node. */
export const nodePlace = (graph: string, node: { readonly name: string; readonly op: OpName }): string =>
  `graph ${graph}, node ${node.name} (${node.op})`;

/** Runs what an operator says of one node, and adds to its errors where that node is. */
export function atPlace<T>(place: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof UnsupportedError) throw new UnsupportedError(error.items.map((item) => `${place}: ${item}`));
    if (error instanceof CompilerError) throw new VerifyError(place, error.message);
    throw error;
  }
}
