import { shapeEquals } from '../../../ir/dim.ts';
import { isFilledWith } from '../constant-values.ts';
import { operand, type Rule, type Rules, resultType } from './rule.ts';

/** A select whose condition is known gives the chosen side; one of two equal sides gives that. */
const knownChoice: Rule<'select'> = (node, graph) => {
  const [condition, then, otherwise] = [graph.constantOf(operand(node, 0)), operand(node, 1), operand(node, 2)];
  const chosen =
    then === otherwise || isFilledWith(condition, 1) ? then : isFilledWith(condition, 0) ? otherwise : undefined;
  if (chosen === undefined || !shapeEquals(graph.typeOf(chosen).shape, resultType(node).shape)) return undefined;
  return chosen;
};

export const selectRules: Rules = { select: [knownChoice] };
