import { type Dim, isStatic } from '../../../ir/dim.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { range, rankOf } from './axes.ts';

type Padding = 'border' | 'reflection' | 'zeros';

interface Sampling {
  readonly mode: 'cubic' | 'linear' | 'nearest';
  readonly padding: Padding;
  readonly alignsCorners: boolean;
}

/** One spatial axis: what each tap reads and how much it weighs, over [batch, result…]. */
interface Tap {
  readonly index: Operand;
  readonly weight?: Operand;
  /** Whether the index lies inside, where that matters. */
  readonly inside?: Operand;
}

const modes: Readonly<Record<string, Sampling['mode']>> = {
  bicubic: 'cubic',
  bilinear: 'linear',
  cubic: 'cubic',
  linear: 'linear',
  nearest: 'nearest',
};

function samplingOf(node: OnnxNode): Sampling {
  const [mode, padding] = [
    node.string('mode', node.opset < 20 ? 'bilinear' : 'linear'),
    node.string('padding_mode', 'zeros'),
  ];
  if (padding !== 'border' && padding !== 'reflection' && padding !== 'zeros')
    return node.fail(`padding_mode ${padding}`);
  return { mode: modes[mode] ?? node.fail(`mode ${mode}`), padding, alignsCorners: node.int('align_corners', 0) === 1 };
}

/** Samples at positions in [-1, 1]; the grid's last axis holds them in the order x, y (, z). */
function gridSample(node: OnnxNode, g: Writer): Operand {
  const [x, grid] = [node.input(0), node.input(1)];
  const sampling = samplingOf(node);
  const [batch, channels, ...dims] = x.type.shape as readonly [Dim, Dim, ...Dim[]];
  if (!dims.every(isStatic)) return node.refuse('symbolic spatial dimensions');
  const result = grid.type.shape.slice(1, -1);
  const taps = dims.map((size, axis) => {
    const column = g.sliceAxis(grid, rankOf(grid) - 1, dims.length - 1 - axis, 1);
    return axisTaps(g, g.reshape(column, [batch, ...result]), size, sampling);
  });
  // Channels last, so that one index tuple reads a whole pixel.
  const pixels = g.transpose(x, [0, ...range(2, rankOf(x)), 1]);
  const terms = combinations(taps).map((combination) => sampleTerm(g, pixels, combination, [batch, ...result]));
  const sum = terms.reduce((a, b) => g.add(a, b));
  const y = g.reshape(sum, [batch, ...result, channels]);
  return g.transpose(y, [0, rankOf(y) - 1, ...range(1, rankOf(y) - 1)]);
}

const combinations = (axes: readonly (readonly Tap[])[]): readonly (readonly Tap[])[] =>
  axes.reduce<readonly (readonly Tap[])[]>(
    (all, taps) => all.flatMap((before) => taps.map((tap) => [...before, tap])),
    [[]],
  );

function sampleTerm(g: Writer, pixels: Operand, taps: readonly Tap[], shape: readonly Dim[]): Operand {
  const tuple = g.concat(
    taps.map(({ index }) => g.reshape(g.cast(index, 'i64'), [...shape, 1])),
    shape.length,
  );
  const read = g.op('gather_nd', [pixels, tuple], { batchDims: 1 });
  const over = (operand: Operand) => g.reshape(operand, [...shape, 1]);
  const inside = taps.flatMap((tap) => tap.inside ?? []);
  const seen = inside.length === 0 ? read : g.select(over(inside.reduce((a, b) => g.binary('and', a, b))), read, 0);
  const weights = taps.flatMap((tap) => tap.weight ?? []);
  return weights.length === 0 ? seen : g.mul(seen, over(weights.reduce((a, b) => g.mul(a, b))));
}

function axisTaps(
  g: Writer,
  position: Operand,
  size: number,
  { mode, padding, alignsCorners }: Sampling,
): readonly Tap[] {
  const unit = g.add(position, 1);
  const at = alignsCorners ? g.mul(unit, (size - 1) / 2) : g.sub(g.mul(unit, size / 2), 0.5);
  const limits: readonly [number, number] = alignsCorners ? [0, size - 1] : [-0.5, size - 0.5];
  const tap = (index: Operand): Tap => {
    const clamped = (value: Operand) => g.min(g.max(value, 0), size - 1);
    if (padding === 'border') return { index: clamped(index) };
    if (padding === 'reflection') return { index: clamped(reflected(g, index, limits)) };
    const inside = g.binary('and', g.binary('ge', index, 0), g.binary('le', index, size - 1));
    return { index: clamped(index), inside };
  };
  const start =
    mode === 'cubic' || padding === 'zeros'
      ? at
      : padding === 'border'
        ? g.min(g.max(at, 0), size - 1)
        : reflected(g, at, limits);
  if (mode === 'nearest') return [tap(g.unary('round', start))];
  const floor = g.unary('floor', start);
  const fraction = g.sub(start, floor);
  if (mode === 'linear') {
    return [
      { ...tap(floor), weight: g.sub(1, fraction) },
      { ...tap(g.add(floor, 1)), weight: fraction },
    ];
  }
  return cubicWeights(g, fraction).map((weight, k) => ({ ...tap(g.add(floor, k - 1)), weight }));
}

/** Folds positions back at both limits as often as it takes. */
function reflected(g: Writer, x: Operand, [low, high]: readonly [number, number]): Operand {
  const span = high - low;
  if (span === 0) return g.mul(x, 0);
  const distance = g.unary('abs', g.sub(x, low));
  const turns = g.unary('floor', g.div(distance, span));
  const rest = g.sub(distance, g.mul(turns, span));
  const isEven = g.binary('eq', g.binary('mod', turns, 2), 0);
  return g.select(isEven, g.add(rest, low), g.sub(high, rest));
}

/** Cubic convolution with a = -0.75. */
function cubicWeights(g: Writer, t: Operand): readonly Operand[] {
  const a = -0.75;
  const polynomial = (x: Operand, c3: number, c2: number, c1: number, c0: number) =>
    g.add(g.mul(g.add(g.mul(g.add(g.mul(x, c3), c2), x), c1), x), c0);
  const near = (x: Operand) => polynomial(x, a + 2, -(a + 3), 0, 1);
  const far = (x: Operand) => polynomial(x, a, -5 * a, 8 * a, -4 * a);
  return [far(g.add(t, 1)), near(t), near(g.sub(1, t)), far(g.sub(2, t))];
}

/** The grid that samples an affine image of the operand: θ times the positions of the result. */
function affineGrid(node: OnnxNode, g: Writer): Operand {
  const theta = node.input(0);
  const [batch, , ...dims] = node.constantInts(1, 'a size');
  if (batch === undefined || dims.length < 2 || dims.length > 3)
    return node.fail('a size that is not of a batch of images');
  const alignsCorners = node.int('align_corners', 0) === 1;
  const points = dims.reduce((product, size) => product * size, 1);
  const coordinate = (axis: number, i: number) => {
    const size = dims[axis] as number;
    if (alignsCorners) return size === 1 ? 0 : -1 + (2 * i) / (size - 1);
    return (2 * i + 1) / size - 1;
  };
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, size) => product * size, 1));
  const positions = range(0, points).flatMap((p) => [
    ...range(0, dims.length)
      .toReversed()
      .map((axis) => coordinate(axis, Math.floor(p / (strides[axis] as number)) % (dims[axis] as number))),
    1,
  ]);
  const base = g.tensor(theta.type.dtype, [1, points, dims.length + 1], positions);
  return g.reshape(g.matmul(base, theta, { b: true }), [batch, ...dims, dims.length]);
}

export const gridSampleOps: OnnxOpRows = {
  AffineGrid: row(affineGrid, { since: 20, attributes: ['align_corners'] }),
  GridSample: row(gridSample, { since: 16, attributes: ['align_corners', 'mode', 'padding_mode'] }),
};
