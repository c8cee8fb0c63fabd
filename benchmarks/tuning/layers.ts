import { randomSourceOf } from '../../ir/random.ts';
import type { ConvKernel, Kernel } from '../kernels/cases.ts';
import { kernelModel } from '../kernels/kernel-model.ts';
import { operandsOf } from '../kernels/operands.ts';
import { buildModel } from '../models/model-builder.ts';

/** One layer of a neural network, as an ONNX model of its own. */
export interface Layer {
  readonly id: string;
  readonly model: () => Uint8Array;
}

/** A layer of the benchmark of kernels; images have their channels last. */
export const kernelLayer = (id: string, kernel: Kernel): Layer => ({
  id,
  model: () => kernelModel(kernel, operandsOf(kernel), 'nhwc').model,
});

/** Draws numbers of a size that layers have. */
class Draw {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  oneOf<const T>(values: readonly [T, ...T[]]): T {
    return values[Math.floor(this.#random() * values.length)] ?? values[0];
  }

  /** From `least` to `most`, as many of each power of two; a multiple of `step`. */
  size(least: number, most: number, step = 1): number {
    return Math.max(step, Math.round((least * (most / least) ** this.#random()) / step) * step);
  }

  /** Mostly what hardware likes, as designers choose it. */
  channels(least: number, most: number): number {
    return this.size(least, most, this.oneOf([16, 8, 8, 4]));
  }
}

/** Beyond, one layer would take as long to tune as ten others, and schedules of them differ by little. */
const MOST_FLOPS = 1.2e8;

const matmul = (m: number, k: number, n: number): Layer =>
  kernelLayer(`matmul ${m}x${k}x${n}`, { kind: 'matmul', m, k, n });

function conv(kernel: ConvKernel): Layer | undefined {
  const { kind, channels, filters, size, window, stride } = kernel;
  const depth = kind === 'conv' ? channels : 1;
  const flops = 2 * Math.ceil(size / stride) ** 2 * filters * depth * window ** 2;
  const what = `${kind} ${window}x${window} ${channels}→${filters} @${size}² /${stride}`;
  return flops > MOST_FLOPS ? undefined : kernelLayer(what, kernel);
}

/** Height and width of images, as networks have them between their strides. */
const imageSize = (draw: Draw): number => draw.size(7, 128);

const byRow = (kind: 'softmax' | 'layernorm' | 'gelu') => (draw: Draw) => {
  const [rows, columns] = [draw.size(8, 1024), draw.size(24, 2048, draw.oneOf([1, 4, 16]))];
  return kernelLayer(`${kind} ${rows}x${columns}`, { kind, rows, columns });
};

/** What an image has its channels last for; the transposes around it cancel those that layouts bring. */
function imageLayer(
  op: 'MaxPool' | 'AveragePool' | 'GlobalAveragePool',
  [channels, size]: readonly [channels: number, size: number],
  attributes: Readonly<Record<string, readonly number[]>>,
  outer: number,
): Uint8Array {
  const model = buildModel(op);
  const image = model.node('Transpose', [model.input('x', 'f32', [1, size, size, channels])], { perm: [0, 3, 1, 2] });
  const result = model.node(op, [image], attributes);
  return model.finish(model.node('Transpose', [result], { perm: [0, 2, 3, 1] }), [1, outer, outer, channels]);
}

function pool(draw: Draw): Layer {
  const op = draw.oneOf(['MaxPool', 'MaxPool', 'AveragePool']);
  const [channels, size] = [draw.channels(16, 512), imageSize(draw)];
  const [window, stride] = [draw.oneOf([2, 3, 3]), draw.oneOf([1, 2, 2])];
  const attributes = { kernel_shape: [window, window], strides: [stride, stride] };
  const outer = Math.floor((size - window) / stride) + 1;
  return {
    id: `${op} ${window}x${window} ${channels} @${size}² /${stride}`,
    model: () => imageLayer(op, [channels, size], attributes, outer),
  };
}

function globalPool(draw: Draw): Layer {
  const [channels, size] = [draw.channels(64, 2048), draw.size(5, 28)];
  return {
    id: `GlobalAveragePool ${channels} @${size}²`,
    model: () => imageLayer('GlobalAveragePool', [channels, size], {}, 1),
  };
}

/** As attention does it with its heads, or a network that changes its layout. */
function transpose(draw: Draw): Layer {
  const perm = draw.oneOf<readonly number[]>([
    [1, 0, 2],
    [0, 2, 1],
    [2, 1, 0],
  ]);
  const shape = [draw.size(4, 64), draw.size(8, 256), draw.size(8, 128, 4)];
  const build = (): Uint8Array => {
    const model = buildModel('transpose');
    const result = model.node('Transpose', [model.input('x', 'f32', shape)], { perm });
    return model.finish(
      result,
      perm.map((axis) => shape[axis] ?? 1),
    );
  };
  return { id: `transpose ${shape.join('x')} by ${perm.join(' ')}`, model: build };
}

const convolution =
  (window: number, stride: number, most: number) =>
  (draw: Draw): Layer | undefined => {
    const [channels, filters] = [draw.channels(16, most), draw.channels(16, most)];
    return conv({ kind: 'conv', channels, filters, size: imageSize(draw), window, stride });
  };

const depthwise =
  (window: number, stride: number) =>
  (draw: Draw): Layer | undefined => {
    const channels = draw.channels(16, 768);
    return conv({ kind: 'depthwise', channels, filters: channels, size: imageSize(draw), window, stride });
  };

/** The first layer of a network for images. */
const stem = (draw: Draw): Layer | undefined => {
  const [window, filters] = [draw.oneOf([3, 5, 7]), draw.channels(8, 64)];
  return conv({ kind: 'conv', channels: 3, filters, size: draw.size(48, 224, 8), window, stride: 2 });
};

const product = (draw: Draw): Layer | undefined => {
  const [m, k, n] = [draw.size(16, 1024), draw.channels(16, 1536), draw.channels(16, 1536)];
  return 2 * m * k * n > MOST_FLOPS ? undefined : matmul(m, k, n);
};

const elementwise = (draw: Draw): Layer => {
  const shape = [1, draw.channels(8, 256), imageSize(draw), imageSize(draw)];
  return kernelLayer(`six elementwise ${shape.join('x')}`, { kind: 'elementwise', shape });
};

const FAMILIES: Readonly<Record<string, { readonly count: number; readonly draw: (draw: Draw) => Layer | undefined }>> =
  {
    matmul: { count: 12, draw: product },
    'few rows': { count: 8, draw: (draw) => matmul(draw.size(1, 8), draw.size(32, 2048, 4), draw.size(32, 2048, 4)) },
    'conv 1x1': { count: 14, draw: convolution(1, 1, 768) },
    'conv 3x3': { count: 12, draw: convolution(3, 1, 256) },
    'conv 3x3 /2': { count: 8, draw: convolution(3, 2, 256) },
    stem: { count: 4, draw: stem },
    'depthwise 3x3': { count: 8, draw: depthwise(3, 1) },
    'depthwise 3x3 /2': { count: 6, draw: depthwise(3, 2) },
    'depthwise 5x5': { count: 5, draw: depthwise(5, 1) },
    'depthwise 5x5 /2': { count: 4, draw: depthwise(5, 2) },
    softmax: { count: 5, draw: byRow('softmax') },
    layernorm: { count: 5, draw: byRow('layernorm') },
    gelu: { count: 3, draw: byRow('gelu') },
    elementwise: { count: 4, draw: elementwise },
    pool: { count: 5, draw: pool },
    'global pool': { count: 3, draw: globalPool },
    transpose: { count: 6, draw: transpose },
  };

/** Layers of every family over the range of shapes that networks have: the same ones for the same seed. */
export function drawLayers(seed: number): readonly Layer[] {
  return Object.entries(FAMILIES).flatMap(([name, { count, draw }]) => {
    const numbers = new Draw(randomSourceOf(seed, name));
    const layers: Layer[] = [];
    while (layers.length < count) layers.push(...[draw(numbers)].filter((layer) => layer !== undefined));
    return layers;
  });
}
