import { type DType, dtypeTable } from '../../../ir/dtype.ts';
import { operand, producedBy, type Rule, type Rules, resultType } from './rule.ts';

const castToItself: Rule<'cast' | 'bitcast'> = (node, graph) =>
  graph.typeOf(operand(node, 0)).dtype === resultType(node).dtype ? operand(node, 0) : undefined;

/** cast(cast(x)) is one cast where the first keeps every value and stays among integers or among floats. */
const castOfCast: Rule<'cast'> = (node, graph) => {
  const inner = producedBy(graph, operand(node, 0), 'cast');
  if (inner === undefined) return undefined;
  const source = operand(inner, 0);
  if (!isWidening(graph.typeOf(source).dtype, inner.attrs.to)) return undefined;
  return graph.emit('cast', [source], { to: node.attrs.to }, node.name);
};

/** Whether each value of `from` is one of `to`, both floats or both integers (bool counts as an integer). */
function isWidening(from: DType, to: DType): boolean {
  const [source, target] = [dtypeTable[from], dtypeTable[to]];
  if (source.kind === 'float' || target.kind === 'float')
    return source.kind === target.kind && source.bytes <= target.bytes;
  if (source.kind === 'bool' || target.kind === 'bool') return source.kind === 'bool';
  if (source.kind === target.kind) return source.bytes <= target.bytes;
  return source.kind === 'uint' && source.bytes < target.bytes;
}

export const castRules: Rules = { cast: [castToItself, castOfCast], bitcast: [castToItself] };
