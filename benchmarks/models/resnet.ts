import { add, classify, conv, type Image, maxPool, relu } from './image-layers.ts';
import { buildModel, type ModelBuilder } from './model-builder.ts';

/** A sum adds its variances: each branch brings a part only, so that many blocks do not explode. */
const BRANCH_GAIN = 0.3;

type Block = (model: ModelBuilder, input: Image, channels: number, stride: number) => Image;

interface Options {
  readonly size?: number;
  /** Scales the channels. */
  readonly width?: number;
}

/** ResNet-18 with random weights (He et al., 2015): `input` f32[1, 3, size, size] → f32[1, 1000]. */
export const resnet18 = (options: Options = {}): Uint8Array => resnet('resnet18', [2, 2, 2, 2], basicBlock, options);

/** ResNet-50 with random weights; the stride stands in a block's 3x3 convolution, as in PyTorch's. */
export const resnet50 = (options: Options = {}): Uint8Array => resnet('resnet50', [3, 4, 6, 3], bottleneck, options);

function resnet(name: string, stages: readonly number[], block: Block, { size = 224, width = 1 }: Options): Uint8Array {
  const model = buildModel(name);
  const channels = (count: number) => Math.max(4, Math.round((count * width) / 4) * 4);
  let image: Image = { value: model.input('input', 'f32', [1, 3, size, size]), channels: 3, size };
  image = maxPool(model, relu(model, conv(model, image, channels(64), { kernel: 7, stride: 2, gain: 2 })));
  for (const [stage, blocks] of stages.entries()) {
    for (let index = 0; index < blocks; index++) {
      image = block(model, image, channels(64 << stage), stage > 0 && index === 0 ? 2 : 1);
    }
  }
  return classify(model, image, 1000);
}

function basicBlock(model: ModelBuilder, input: Image, channels: number, stride: number): Image {
  const first = relu(model, conv(model, input, channels, { kernel: 3, stride, gain: 2 }));
  const second = conv(model, first, channels, { kernel: 3, gain: BRANCH_GAIN });
  return relu(model, add(model, second, shortcut(model, input, channels, stride)));
}

function bottleneck(model: ModelBuilder, input: Image, channels: number, stride: number): Image {
  const narrow = relu(model, conv(model, input, channels, { kernel: 1, gain: 2 }));
  const filtered = relu(model, conv(model, narrow, channels, { kernel: 3, stride, gain: 2 }));
  const wide = conv(model, filtered, channels * 4, { kernel: 1, gain: BRANCH_GAIN });
  return relu(model, add(model, wide, shortcut(model, input, channels * 4, stride)));
}

/** The way past a block, through a convolution where the block changes the shape. */
const shortcut = (model: ModelBuilder, input: Image, channels: number, stride: number): Image =>
  stride === 1 && channels === input.channels ? input : conv(model, input, channels, { kernel: 1, stride, gain: 1 });
