import { add, classify, conv, type Image } from './image-layers.ts';
import { buildModel, type ModelBuilder, scalar } from './model-builder.ts';

/** Expansion, channels, blocks, first stride: table 2 of Sandler et al., 2018. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** MobileNetV2 with random weights: `input` f32[1, 3, size, size] → f32[1, 1000]. `width` scales the channels. */
export function mobilenetV2({ size = 224, width = 1 } = {}): Uint8Array {
  const model = buildModel('mobilenet_v2');
  const channels = (count: number) => Math.max(8, Math.round((count * width) / 8) * 8);
  const limits = [model.constant(scalar(0)), model.constant(scalar(6))];
  const relu6 = (image: Image): Image => ({ ...image, value: model.node('Clip', [image.value, ...limits]) });

  let image: Image = { value: model.input('input', 'f32', [1, 3, size, size]), channels: 3, size };
  image = relu6(conv(model, image, channels(32), { kernel: 3, stride: 2, gain: 2 }));
  for (const [expansion, count, blocks, firstStride] of STAGES) {
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 ? firstStride : 1;
      image = invertedResidual(model, image, relu6, { expansion, channels: channels(count), stride });
    }
  }
  return classify(model, relu6(conv(model, image, channels(1280), { kernel: 1, gain: 2 })), 1000);
}

interface Block {
  readonly expansion: number;
  readonly channels: number;
  readonly stride: number;
}

function invertedResidual(
  model: ModelBuilder,
  input: Image,
  relu6: (image: Image) => Image,
  { expansion, channels, stride }: Block,
): Image {
  const wide = input.channels * expansion;
  const expanded = expansion === 1 ? input : relu6(conv(model, input, wide, { kernel: 1, gain: 2 }));
  const filtered = relu6(conv(model, expanded, wide, { kernel: 3, stride, depthwise: true, gain: 2 }));
  const isResidual = stride === 1 && channels === input.channels;
  // A sum adds its variances: the branch brings half as much as the way past it, so that 17 blocks do not explode.
  const projected = conv(model, filtered, channels, { kernel: 1, gain: isResidual ? 0.5 : 1 });
  return isResidual ? add(model, input, projected) : projected;
}
