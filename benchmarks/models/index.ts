import { mobilenetV2 } from './mobilenet-v2.ts';
import { resnet18, resnet50 } from './resnet.ts';
import { transformerEncoder } from './transformer-encoder.ts';

/** Models of well-known architectures with random weights, built in memory: nothing is downloaded. */
export const RANDOM_MODELS: Readonly<Record<string, () => Uint8Array>> = {
  mobilenet_v2: () => mobilenetV2(),
  resnet18: () => resnet18(),
  resnet50: () => resnet50(),
  transformer_encoder: () => transformerEncoder(),
};
