import type { Graph } from '../graph/graph.ts';
import type { TensorFunc } from '../tensor/tensor-func.ts';
import { tokenize } from './lexer.ts';
import { GraphParser } from './parse-graph.ts';
import type { Rule } from './parse-recovery.ts';
import { syntaxError } from './report.ts';

/**
 * Reads the text of a graph (see `printGraph`). `file` names the text in messages.
 *
 * Throws `IrSyntaxError` with all mistakes that it found: of syntax, unknown operators, attributes, dtypes and values,
 * names that are defined twice, constants whose data does not fit. Says nothing of what `verifyGraph` checks.
 */
export const parseGraph = (text: string, file = '<text>'): Graph => parse((parser) => parser.graph, text, file);

/** Reads the text of a function (see `printTensorFunc`). Throws as `parseGraph` does; types are `verifyFunc`'s. */
export const parseTensorFunc = (text: string, file = '<text>'): TensorFunc =>
  parse((parser) => parser.func, text, file);

/** Made at the first use: chevrotain analyzes the grammar. */
let shared: GraphParser | undefined;

function parse<T>(rule: (parser: GraphParser) => Rule<T>, text: string, file: string): T {
  shared ??= new GraphParser();
  const { result, mistakes } = shared.run(rule(shared), tokenize(text));
  if (result === undefined || mistakes.length > 0) throw syntaxError(text, file, mistakes);
  return result;
}
