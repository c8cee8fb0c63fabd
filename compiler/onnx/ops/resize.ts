import { type Dim, isStatic, scaleDim } from '../../../ir/dim.ts';
import { isFloat } from '../../../ir/dtype.ts';
import { f16ToNumber } from '../../../ir/f16.ts';
import type { OnnxNode } from '../node.ts';
import type { Operand } from '../operand.ts';
import { type OnnxOpRows, row } from '../row.ts';
import type { Writer } from '../writer.ts';
import { axisOf, range, rankOf, widened } from './axes.ts';
import {
  type CoordinateMode,
  cubic,
  filterTaps,
  linear,
  type NearestMode,
  nearestTaps,
  type ResizedAxis,
  type Taps,
} from './resize-taps.ts';

type Mode = 'nearest' | 'linear' | 'cubic';

interface ResizeOptions {
  readonly mode: Mode;
  readonly coordinates: CoordinateMode;
  readonly rounding: NearestMode;
  readonly cubicCoefficient: number;
  readonly antialias: boolean;
  readonly excludesOutside: boolean;
  /** The value of what lies outside, where the node has one. */
  readonly extrapolation: number | undefined;
}

const coordinateModes: readonly CoordinateMode[] = [
  'align_corners',
  'asymmetric',
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'tf_crop_and_resize',
];
const roundings: readonly NearestMode[] = ['ceil', 'floor', 'round_prefer_ceil', 'round_prefer_floor'];

function choice<T extends string>(node: OnnxNode, name: string, value: string, choices: readonly T[]): T {
  return choices.find((known) => known === value) ?? node.refuse(`${name} ${value}`);
}

const modeOf = (node: OnnxNode): Mode =>
  choice<Mode>(node, 'mode', node.string('mode', 'nearest'), ['nearest', 'linear', 'cubic']);

/** Before opset 11 the operator knew only asymmetric coordinates, rounded down. */
function optionsOf(node: OnnxNode): ResizeOptions {
  const old = node.opset < 11;
  const coordinates = node.string('coordinate_transformation_mode', old ? 'asymmetric' : 'half_pixel');
  const crops = coordinates === 'tf_crop_and_resize';
  return {
    mode: modeOf(node),
    coordinates: choice(node, 'coordinate_transformation_mode', coordinates, coordinateModes),
    rounding: choice(
      node,
      'nearest_mode',
      node.string('nearest_mode', old ? 'floor' : 'round_prefer_floor'),
      roundings,
    ),
    cubicCoefficient: node.float('cubic_coeff_a', -0.75),
    antialias: node.int('antialias', 0) === 1,
    excludesOutside: node.int('exclude_outside', 0) === 1,
    extrapolation: crops ? node.float('extrapolation_value', 0) : undefined,
  };
}

/** An axis of the operand, and what it becomes. Only a whole scale is known of a symbolic one. */
type Plan = ResizedAxis | { readonly repeats: number };

function resize(node: OnnxNode, g: Writer): Operand {
  const options = optionsOf(node);
  return apply(node, g, options, plansOf(node, node.input(0), options));
}

/** The older operator of the same meaning, without options. */
function upsample(node: OnnxNode, g: Writer): Operand {
  const x = node.input(0);
  const scales =
    node.opset < 9 ? (node.floats('scales') ?? node.fail('attribute scales is missing')) : floatsOf(node, 1, 'scales');
  const plans = x.type.shape.map((dim, axis) => scaledAxis(node, dim, scales[axis] ?? 1, [0, 1]));
  const options: ResizeOptions = {
    mode: modeOf(node),
    coordinates: 'asymmetric',
    rounding: 'floor',
    cubicCoefficient: -0.75,
    antialias: false,
    excludesOutside: false,
    extrapolation: undefined,
  };
  return apply(node, g, options, plans);
}

function floatsOf(node: OnnxNode, i: number, what: string): readonly number[] {
  const operand = node.input(i);
  if (operand.kind !== 'constant' || !isFloat(operand.type.dtype))
    return node.refuse(`${what} that are not known at compile time`);
  const values = Array.from(operand.data.data as ArrayLike<number>);
  return operand.type.dtype === 'f16' ? values.map(f16ToNumber) : values;
}

function plansOf(node: OnnxNode, x: Operand, options: ResizeOptions): readonly Plan[] {
  const axes = node.ints('axes')?.map((axis) => axisOf(node, axis, rankOf(x))) ?? range(0, rankOf(x));
  const [scales, sizes] = node.opset < 11 ? [1, 9] : [2, 3];
  const given = (i: number) => node.optional(i) !== undefined && node.input(i).type.shape[0] !== 0;
  const roi = options.extrapolation === undefined ? undefined : floatsOf(node, 1, 'a region');
  const roiOf = (i: number): readonly [number, number] => [roi?.[i] ?? 0, roi?.[i + axes.length] ?? 1];
  if (given(scales)) {
    const factors = floatsOf(node, scales, 'scales');
    return x.type.shape.map((dim, axis) => {
      const i = axes.indexOf(axis);
      return i < 0
        ? scaledAxis(node, dim, 1, [0, 1])
        : scaledAxis(node, dim, factors[i] ?? node.fail('scales are missing'), roiOf(i));
    });
  }
  if (!given(sizes)) node.fail('it has neither scales nor sizes');
  const wanted = node.constantInts(sizes, 'sizes');
  const factor = aspectScale(node, x, axes, wanted);
  return x.type.shape.map((dim, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return scaledAxis(node, dim, 1, [0, 1]);
    if (!isStatic(dim)) return node.refuse('sizes for a symbolic dimension');
    const size = wanted[i] ?? node.fail('sizes are missing');
    if (factor === undefined) return { from: dim, to: size, scale: size / dim, roi: roiOf(i) };
    return { from: dim, to: Math.floor(factor * dim + 0.5), scale: factor, roi: roiOf(i) };
  });
}

/** One scale for all axes where the sizes are only limits. */
function aspectScale(
  node: OnnxNode,
  x: Operand,
  axes: readonly number[],
  sizes: readonly number[],
): number | undefined {
  const policy = node.string('keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return undefined;
  const scales = axes.map((axis, i) => (sizes[i] as number) / Number(x.type.shape[axis]));
  if (policy === 'not_larger') return Math.min(...scales);
  return policy === 'not_smaller' ? Math.max(...scales) : node.fail(`keep_aspect_ratio_policy ${policy}`);
}

function scaledAxis(node: OnnxNode, dim: Dim, scale: number, roi: readonly [number, number]): Plan {
  if (isStatic(dim)) return { from: dim, to: Math.floor(dim * scale * (roi[1] - roi[0])), scale, roi };
  return Number.isInteger(scale) ? { repeats: scale } : node.refuse('a fractional scale of a symbolic dimension');
}

function apply(node: OnnxNode, g: Writer, options: ResizeOptions, plans: readonly Plan[]): Operand {
  const x = node.input(0);
  if (options.mode !== 'nearest' && !isFloat(x.type.dtype)) node.refuse(`mode ${options.mode} on ${x.type.dtype}`);
  return widened(g, x, (wide) => {
    const steps = plans.map((plan) => ('repeats' in plan ? plan : tapsOf(plan, options)));
    const resized = steps.reduce((y, step, axis) => {
      if ('repeats' in step) return repeat(node, g, y, axis, step.repeats, options);
      return isWhole(plans[axis]) ? y : combine(g, y, axis, step);
    }, wide);
    return options.extrapolation === undefined ? resized : extrapolate(g, resized, steps, options.extrapolation);
  });
}

const isWhole = (plan: Plan | undefined): boolean =>
  plan !== undefined &&
  'from' in plan &&
  plan.from === plan.to &&
  plan.scale === 1 &&
  plan.roi[0] === 0 &&
  plan.roi[1] === 1;

function tapsOf(
  axis: ResizedAxis,
  { mode, coordinates, rounding, cubicCoefficient, antialias, excludesOutside }: ResizeOptions,
): Taps {
  if (mode === 'nearest') return nearestTaps(axis, coordinates, rounding);
  return filterTaps(axis, coordinates, mode === 'linear' ? linear : cubic(cubicCoefficient), {
    antialias,
    excludesOutside,
  });
}

/** Above this many taps a matrix product is shorter than a sum of products. */
const maxTaps = 4;

function combine(g: Writer, x: Operand, axis: number, { indices, weights }: Taps): Operand {
  const [first = []] = indices;
  const at = (list: readonly number[]) => g.tensor('i64', [list.length], list);
  if (indices.length === 1) return g.gather(x, at(first), axis);
  if (indices.length > maxTaps) return multiply(g, x, axis, { indices, weights });
  const shape = range(0, rankOf(x)).map((i) => (i === axis ? first.length : 1));
  return indices
    .map((list, k) => g.mul(g.gather(x, at(list), axis), g.tensor(x.type.dtype, shape, weights[k] ?? [])))
    .reduce((sum, term) => g.add(sum, term));
}

function multiply(
  g: Writer,
  x: Operand,
  axis: number,
  { indices, weights }: Pick<Taps, 'indices' | 'weights'>,
): Operand {
  const [from, to] = [x.type.shape[axis] as number, (indices[0] ?? []).length];
  const matrix = Array.from({ length: from * to }, () => 0);
  for (const [k, list] of indices.entries()) {
    for (const [column, index] of list.entries()) {
      matrix[index * to + column] = (matrix[index * to + column] ?? 0) + (weights[k]?.[column] ?? 0);
    }
  }
  const swap = range(0, rankOf(x)).map((i) => (i === axis ? rankOf(x) - 1 : i === rankOf(x) - 1 ? axis : i));
  return g.transpose(g.matmul(g.transpose(x, swap), g.tensor(x.type.dtype, [from, to], matrix)), swap);
}

/** Nearest by a whole number on a symbolic axis: [d] → [d, 1] → [d, n] → [d·n]. */
function repeat(node: OnnxNode, g: Writer, x: Operand, axis: number, count: number, options: ResizeOptions): Operand {
  if (count === 1 && options.extrapolation === undefined) return x;
  const sample = { from: 4, to: 4 * count, scale: count, roi: [0, 1] as const };
  const { indices } = tapsOf(sample, options);
  const repeats =
    options.mode === 'nearest' && indices[0]?.every((index, i) => index === Math.floor(i / count)) === true;
  if (!repeats || options.coordinates === 'align_corners' || options.extrapolation !== undefined) {
    return node.refuse(`mode ${options.mode} with ${options.coordinates} coordinates on a symbolic dimension`);
  }
  const { shape } = x.type;
  const [before, dim, after] = [shape.slice(0, axis), shape[axis] as Dim, shape.slice(axis + 1)];
  const repeated = g.broadcastTo(g.reshape(x, [...before, dim, 1, ...after]), [...before, dim, count, ...after]);
  return g.reshape(repeated, [...before, scaleDim(dim, count), ...after]);
}

function extrapolate(
  g: Writer,
  x: Operand,
  steps: readonly (Taps | { readonly repeats: number })[],
  value: number,
): Operand {
  return steps.reduce((y, step, axis) => {
    if ('repeats' in step || !step.outside.includes(true)) return y;
    const shape = range(0, rankOf(x)).map((i) => (i === axis ? step.outside.length : 1));
    return g.select(g.tensor('bool', shape, step.outside.map(Number)), value, y);
  }, x);
}

export const resizeOps: OnnxOpRows = {
  Resize: row(resize, {
    since: 10,
    attributes: [
      'antialias',
      'axes',
      'coordinate_transformation_mode',
      'cubic_coeff_a',
      'exclude_outside',
      'extrapolation_value',
      'keep_aspect_ratio_policy',
      'mode',
      'nearest_mode',
    ],
  }),
  Upsample: row(upsample, { attributes: ['mode', 'scales'] }),
};
