import type { Graph, Node, NodeOf } from '../../../ir/graph/graph.ts';
import type { OpName } from '../../../ir/graph/op-attrs.ts';
import { type BinaryOp, binaryOps } from '../../../ir/scalar.ts';
import { type NewGraph, rebuild } from '../rebuild.ts';
import { arithmeticRules, dropBroadcast } from './arithmetic.ts';
import { castRules } from './casts.ts';
import { movementRules } from './movement.ts';
import type { Rule, Rules } from './rule.ts';
import { selectRules } from './select.ts';

/** Each rule makes the graph smaller or cheaper by its own measure, so that applying them comes to an end. */
const ruleTables: readonly Rules[] = [arithmeticRules, castRules, movementRules, selectRules];
const broadcasting: ReadonlySet<OpName> = new Set<OpName>([...binaryOps, 'select']);

/** Removes what changes nothing, joins two operators into one, and chooses the cheaper form, until no rule applies. */
export function canonicalize(graph: Graph): Graph {
  const next = rebuild(graph, applyRules);
  return next === graph ? graph : canonicalize(next);
}

function applyRules(node: Node, graph: NewGraph): readonly string[] | undefined {
  for (const rules of ruleTables) {
    for (const rule of rules[node.op] ?? []) {
      // The row and the node agree on the operator, which the type checker cannot see through the index.
      const value = (rule as Rule<OpName>)(node, graph);
      if (value !== undefined) return [value];
    }
  }
  if (!broadcasting.has(node.op)) return undefined;
  const value = dropBroadcast(node as NodeOf<BinaryOp>, graph);
  return value === undefined ? undefined : [value];
}
