import { knownIntegers } from '../operand.ts';
import { type OnnxOpRows } from '../row.ts';

export const controlOps: OnnxOpRows = {
  /** Only the branch that is taken becomes part of the graph. */
  If: {
    attributes: ['else_branch', 'then_branch'],
    import: (node) => {
      const condition = knownIntegers(node.input(0)) ?? node.refuse('a condition that is not known at compile time');
      return node.importGraph(node.graph(condition[0] === 1 ? 'then_branch' : 'else_branch'));
    },
  },
};
