import { CompilerError } from '../../ir/errors.ts';
import { isObject, listOf, number } from '../fields.ts';

/**
 * A regression tree, its nodes in preorder. Node i has as its left child node i + 1 and as its right child node
 * `right[i]`; it goes left where the feature is at most the threshold, which is `value[i]`. A leaf has the feature LEAF,
 * and `value[i]` is what the tree says.
 */
export interface Tree {
  readonly feature: readonly number[];
  readonly value: readonly number[];
  readonly right: readonly number[];
}

/** Trees whose sum is a prediction. Plain JSON. */
export interface Forest {
  readonly trees: readonly Tree[];
}

/** The feature of a node that tests none. */
export const LEAF = -1;

export const emptyForest: Forest = { trees: [] };

/** What a forest predicts for each row of features. */
export const predict = (forest: Forest, rows: readonly (readonly number[])[]): readonly number[] =>
  rows.map((row) => forest.trees.reduce((sum, tree) => sum + evaluate(tree, row), 0));

function evaluate({ feature, value, right }: Tree, row: readonly number[]): number {
  let node = 0;
  for (let column = feature[0] as number; column >= 0; column = feature[node] as number)
    node = (row[column] as number) <= (value[node] as number) ? node + 1 : (right[node] as number);
  return value[node] as number;
}

/** Reads a forest over rows of so many features, that came as JSON. Throws a CompilerError where it is none. */
export function parseForest(json: unknown, width: number): Forest {
  if (!isObject(json) || !Array.isArray(json['trees'])) throw new CompilerError("a forest should have a list 'trees'");
  json['trees'].forEach((tree, i) => {
    if (!isTree(tree, width))
      throw new CompilerError(`tree ${i} of a forest over ${width} features is not a valid tree`);
  });
  return { trees: json['trees'] as readonly Tree[] };
}

function isTree(json: unknown, width: number): json is Tree {
  if (!isObject(json)) return false;
  const { feature, value, right } = json as unknown as Tree;
  if (![feature, value, right].every(listOf(number).accepts)) return false;
  const nodes = feature.length;
  if (nodes === 0 || value.length !== nodes || right.length !== nodes) return false;
  return feature.every((column, i) => {
    if (column === LEAF) return true;
    const next = right[i] as number;
    // Children stand after their parent, so that a walk ends.
    return isIndex(column, width) && isIndex(next, nodes) && next > i + 1;
  });
}

const isIndex = (value: number, end: number): boolean => Number.isInteger(value) && value >= 0 && value < end;
