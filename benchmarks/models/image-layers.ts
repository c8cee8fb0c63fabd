import type { ModelBuilder } from './model-builder.ts';

/** A stack of channels, as the layers of image models pass it on. */
export interface Image {
  readonly value: string;
  readonly channels: number;
  /** Height and width. */
  readonly size: number;
}

export interface ConvOptions {
  readonly kernel: number;
  readonly stride?: number;
  /** Each channel by itself. */
  readonly depthwise?: boolean;
  /** Variance of the output over that of the input: 2 before a ReLU, which halves it. */
  readonly gain: number;
}

/** A convolution with "same" padding and a bias, as exports have it whose batch normalization was folded. */
export function conv(model: ModelBuilder, image: Image, channels: number, options: ConvOptions): Image {
  const { kernel, stride = 1, depthwise = false, gain } = options;
  const inputs = depthwise ? 1 : image.channels;
  const weights = model.weights([channels, inputs, kernel, kernel], Math.sqrt(gain / (inputs * kernel * kernel)));
  const bias = model.weights([channels], 0.05);
  const pad = (kernel - 1) >> 1;
  const value = model.node('Conv', [image.value, weights, bias], {
    dilations: [1, 1],
    group: depthwise ? channels : 1,
    kernel_shape: [kernel, kernel],
    pads: [pad, pad, pad, pad],
    strides: [stride, stride],
  });
  return { value, channels, size: sizeAfter(image.size, kernel, stride) };
}

export const relu = (model: ModelBuilder, image: Image): Image => ({
  ...image,
  value: model.node('Relu', [image.value]),
});

export const add = (model: ModelBuilder, a: Image, b: Image): Image => ({
  ...a,
  value: model.node('Add', [a.value, b.value]),
});

export function maxPool(model: ModelBuilder, image: Image): Image {
  const attributes = { ceil_mode: 0, kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] };
  return { ...image, value: model.node('MaxPool', [image.value], attributes), size: sizeAfter(image.size, 3, 2) };
}

/** The mean over all places, then a dense layer: the model's output, [1, classes]. */
export function classify(model: ModelBuilder, image: Image, classes: number): Uint8Array {
  const mean = model.node('GlobalAveragePool', [image.value]);
  const flat = model.node('Flatten', [mean], { axis: 1 });
  const weights = model.weights([classes, image.channels], Math.sqrt(1 / image.channels));
  const logits = model.node('Gemm', [flat, weights, model.weights([classes], 0.05)], { transB: 1 });
  return model.finish(logits, [1, classes]);
}

const sizeAfter = (size: number, kernel: number, stride: number): number =>
  Math.floor((size + 2 * ((kernel - 1) >> 1) - kernel) / stride) + 1;
