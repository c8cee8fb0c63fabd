import { CompilerError } from '../../ir/errors.ts';
import { isObject } from '../fields.ts';
import { emptyForest, type Forest, parseForest } from './forest.ts';
import { type Measured, trainRanker } from './train-ranker.ts';

const FORMAT = 1;

/** Trees from which a cost model starts, with what they were trained on. Plain JSON. */
export interface Prior {
  readonly format: typeof FORMAT;
  /** The names of the features, in the order in which candidates have them. */
  readonly features: readonly string[];
  readonly trainedOn: { readonly workloads: number; readonly rows: number };
  readonly forest: Forest;
}

/** Trains a prior on what was measured of several workloads. */
export function trainPrior(groups: readonly (readonly Measured[])[], features: readonly string[]): Prior {
  const rows = groups.reduce((sum, group) => sum + group.length, 0);
  const forest = trainRanker(groups, emptyForest);
  return { format: FORMAT, features, trainedOn: { workloads: groups.length, rows }, forest };
}

/**
 * The forest of a prior that came as JSON, for candidates with these features. Throws a CompilerError where it is no
 * prior, or one for other features.
 */
export function parsePrior(json: unknown, features: readonly string[]): Forest {
  if (!isObject(json) || json['format'] !== FORMAT)
    throw new CompilerError(`the prior of a cost model should be an object of format ${FORMAT}`);
  if (JSON.stringify(json['features']) !== JSON.stringify(features))
    throw new CompilerError(
      'the prior of a cost model was trained on other features than candidates have: train it again',
    );
  return parseForest(json['forest'], features.length);
}
