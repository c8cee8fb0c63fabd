import { type Dim, dimEquals, isStatic, printDim, printShape, scaleDim } from '../../dim.ts';
import { elementCount } from '../../tensor-data.ts';
import type { TensorType } from '../graph.ts';
import type { ChannelLayout, OpAttrs } from '../op-attrs.ts';
import type { OpRow } from '../op-row.ts';
import { check, checkBinary, checkPositive, checkSameDType } from './checks.ts';
import { dotProduct } from './dot.ts';
import { decode, encode, newElements } from './elements.ts';
import { rowMajorStrides, stridedOffsets } from './offsets.ts';
import { singleResult } from './result.ts';
import { windowCount } from './windows.ts';

/** An activation's dimensions, or anything else that stands one an axis, by what the axes mean. */
interface Activation<T> {
  readonly batch: T;
  readonly channels: T;
  readonly spatial: readonly T[];
}

function parts<T>(list: readonly T[], layout: ChannelLayout): Activation<T> {
  const [batch, second, last] = [list[0] as T, list[1] as T, list.at(-1) as T];
  return layout === 'first'
    ? { batch, channels: second, spatial: list.slice(2) }
    : { batch, channels: last, spatial: list.slice(1, -1) };
}

function checkConv(x: TensorType, w: TensorType, { strides, dilations, groups }: OpAttrs['conv']): void {
  checkSameDType([x, w]);
  checkBinary('mul', x.dtype);
  check(
    x.shape.length >= 2 && w.shape.length === x.shape.length,
    () => `x ${printShape(x.shape)} and w ${printShape(w.shape)}, expected the same number of axes, at least 2`,
  );
  for (const [list, what] of [
    [strides, 'strides'],
    [dilations, 'dilations'],
  ] as const) {
    checkPositive(list, what);
    const spatial = x.shape.length - 2;
    check(list.length === spatial, () => `${what} has ${list.length} entries for ${spatial} spatial axes`);
  }
  checkPositive([groups], 'groups');
}

const conv: OpRow<'conv'> = singleResult<'conv', 2>({
  kind: 'contraction',
  operands: 2,
  infer: ([x, w], attrs) => {
    checkConv(x, w, attrs);
    const { strides, dilations, groups, channels: layout } = attrs;
    const { batch, channels, spatial } = parts(x.shape, layout);
    const [outChannels, perGroup, ...kernel] = w.shape as [Dim, Dim, ...Dim[]];
    check(
      dimEquals(channels, scaleDim(perGroup, groups)),
      () =>
        `w ${printShape(w.shape)} in ${groups} groups does not fit the ${printDim(channels)} channels of x ${printShape(x.shape)}`,
    );
    check(
      isStatic(outChannels) && outChannels % groups === 0,
      () => `${printDim(outChannels)} output channels are no multiple of ${groups} groups`,
    );
    const out = spatial.map((dim, i) => {
      const window = kernel[i] as Dim;
      check(isStatic(window) && window >= 1, () => `w ${printShape(w.shape)}, expected a window of known size`);
      return windowCount(dim, window, strides[i] as number, dilations[i] as number);
    });
    const shape = layout === 'first' ? [batch, outChannels, ...out] : [batch, ...out, outChannels];
    return { dtype: x.dtype, shape };
  },
  evaluate: ([x, w], { strides, dilations, groups, channels: layout }, { dtype, shape }) => {
    const [outChannels, perGroup, ...kernel] = w.shape as [number, number, ...number[]];
    const [from, to] = [parts(rowMajorStrides(x.shape), layout), parts(rowMajorStrides(shape), layout)];
    const out = parts(shape, layout);
    const scaled = (factors: readonly number[]) => from.spatial.map((stride, i) => stride * (factors[i] as number));
    const starts = stridedOffsets(out.spatial, scaled(strides));
    const places = stridedOffsets(out.spatial, to.spatial);
    const taps = stridedOffsets([perGroup, ...kernel], [from.channels, ...scaled(dilations)]);
    const input = { elements: decode(x), offsets: taps };
    const filter = { elements: decode(w), offsets: Int32Array.from(taps, (_, i) => i) };
    const [dot, target] = [dotProduct(dtype), newElements(dtype, elementCount(shape))];
    for (let n = 0; n < out.batch; n++) {
      for (let channel = 0; channel < outChannels; channel++) {
        const group = Math.floor((channel * groups) / outChannels);
        const base = n * from.batch + group * perGroup * from.channels;
        const place = n * to.batch + channel * to.channels;
        for (let i = 0; i < starts.length; i++) {
          target[place + (places[i] as number)] = dot(
            input,
            base + (starts[i] as number),
            filter,
            channel * taps.length,
          );
        }
      }
    }
    return encode(dtype, target);
  },
});

export const convRows = { conv };
