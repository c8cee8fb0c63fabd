import { type Bins, binFeatures, type Column, MAX_BINS } from './feature-bins.ts';
import { type Forest, LEAF, predict, type Tree } from './forest.ts';

/** What is learned from. Every row has as many features. */
export interface TrainingSet {
  readonly rows: readonly (readonly number[])[];
  readonly targets: readonly number[];
  /** How much each row counts. */
  readonly weights: readonly number[];
}

export interface BoostingOptions {
  readonly trees: number;
  /** The most tests on the way to a leaf. */
  readonly depth: number;
  /** What part of what is left unexplained a tree takes away. */
  readonly rate: number;
  /** The least weight of the rows of a leaf. */
  readonly leafWeight: number;
}

const defaults: BoostingOptions = { trees: 100, depth: 5, rate: 0.12, leafWeight: 3 };

/** Added to the weight of a leaf, so that few rows say less. */
const L2 = 1;

/**
 * Gradient boosting of regression trees by the squared error (Friedman 2001), with splits found in histograms of binned
 * features as in LightGBM (Ke et al. 2017): the same rows give the same forest. Trees are added to those of `start`.
 */
export function boost(set: TrainingSet, start: Forest, options: Partial<BoostingOptions> = {}): Forest {
  const settings = { ...defaults, ...options };
  if (set.rows.length === 0) return start;
  const bins = binFeatures(set.rows);
  const said = predict(start, set.rows);
  const residuals = Float64Array.from(set.targets, (target, i) => target - (said[i] as number));
  const weights = Float64Array.from(set.weights);
  const trees = [...start.trees];
  for (let i = 0; i < settings.trees; i++) {
    const tree = growTree(bins, residuals, weights, settings);
    if (tree.feature.length === 1) break;
    trees.push(tree);
  }
  return { trees };
}

interface Split {
  /** The place of the column among those of the bins. */
  readonly column: number;
  /** The last interval that goes left. */
  readonly interval: number;
}

/** Sums over the rows of a node: at COLUMN c + 2 i, for interval i of column c, weights times residuals; then weights. */
type Histogram = Float64Array;

const COLUMN = 2 * MAX_BINS;

/** Grows one tree, and takes what it says off the residuals. */
function growTree(bins: Bins, residuals: Float64Array, weights: Float64Array, options: BoostingOptions): Tree {
  const tree = { feature: [] as number[], value: [] as number[], right: [] as number[] };
  const addNode = (feature: number, value: number): number => {
    tree.value.push(value);
    tree.right.push(0);
    return tree.feature.push(feature) - 1;
  };
  const addLeaf = (rows: Uint32Array): void => {
    let [sum, weight] = [0, L2];
    for (const row of rows) {
      sum += (residuals[row] as number) * (weights[row] as number);
      weight += weights[row] as number;
    }
    // Fewer digits than a double has, so that forests are short to write.
    const value = Number(((options.rate * sum) / weight).toPrecision(5));
    for (const row of rows) (residuals[row] as number) -= value;
    addNode(LEAF, value);
  };
  const addTree = (rows: Uint32Array, histogram: Histogram, depth: number): void => {
    const split = bestSplit(bins, histogram, options.leafWeight);
    if (split === undefined) return addLeaf(rows);
    const { feature, uppers } = bins.columns[split.column] as Column;
    const [left, right] = partition(bins, rows, split);
    const node = addNode(feature, uppers[split.interval] as number);
    if (depth === options.depth) {
      addLeaf(left);
      tree.right[node] = tree.feature.length;
      return addLeaf(right);
    }
    // The sums of the larger side are what the smaller one leaves of the parent's.
    const isLeftSmaller = left.length < right.length;
    const smaller = histogramOf(bins, isLeftSmaller ? left : right, residuals, weights);
    for (let i = 0; i < histogram.length; i++) (histogram[i] as number) -= smaller[i] as number;
    addTree(left, isLeftSmaller ? smaller : histogram, depth + 1);
    tree.right[node] = tree.feature.length;
    addTree(right, isLeftSmaller ? histogram : smaller, depth + 1);
  };
  const all = Uint32Array.from({ length: bins.rows }, (_, row) => row);
  addTree(all, histogramOf(bins, all, residuals, weights), 1);
  return tree;
}

/** The rows on both sides of a split, in the place of the rows. */
function partition(
  { columns, intervals }: Bins,
  rows: Uint32Array,
  { column, interval }: Split,
): [Uint32Array, Uint32Array] {
  const right = new Uint32Array(rows.length);
  let [lefts, rights] = [0, 0];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if ((intervals[row * columns.length + column] as number) <= interval) rows[lefts++] = row;
    else right[rights++] = row;
  }
  rows.set(right.subarray(0, rights), lefts);
  return [rows.subarray(0, lefts), rows.subarray(lefts)];
}

function histogramOf(
  { columns, intervals }: Bins,
  rows: Uint32Array,
  residuals: Float64Array,
  weights: Float64Array,
): Histogram {
  const histogram = new Float64Array(COLUMN * columns.length);
  const width = columns.length;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const weight = weights[row] as number;
    const sum = weight * (residuals[row] as number);
    for (let c = 0; c < width; c++) {
      const at = COLUMN * c + 2 * (intervals[row * width + c] as number);
      (histogram[at] as number) += sum;
      (histogram[at + 1] as number) += weight;
    }
  }
  return histogram;
}

/** The split that takes the most off the squared error. Undefined where none does. */
function bestSplit({ columns }: Bins, histogram: Histogram, leafWeight: number): Split | undefined {
  let best: Split | undefined;
  let bestGain = 1e-9;
  for (let column = 0; column < columns.length; column++) {
    const first = COLUMN * column;
    const end = first + 2 * (columns[column] as Column).uppers.length;
    let [sum, weight] = [0, 0];
    for (let at = first; at < end; at += 2) {
      sum += histogram[at] as number;
      weight += histogram[at + 1] as number;
    }
    const whole = sum ** 2 / (weight + L2);
    let [leftSum, leftWeight] = [0, 0];
    for (let at = first; at < end - 2; at += 2) {
      leftSum += histogram[at] as number;
      leftWeight += histogram[at + 1] as number;
      const rightSum = sum - leftSum;
      const rightWeight = weight - leftWeight;
      if (leftWeight < leafWeight) continue;
      if (rightWeight < leafWeight) break;
      const gain = (leftSum * leftSum) / (leftWeight + L2) + (rightSum * rightSum) / (rightWeight + L2) - whole;
      if (gain <= bestGain) continue;
      best = { column, interval: (at - first) / 2 };
      bestGain = gain;
    }
  }
  return best;
}
