import { activationOps } from './ops/activations.ts';
import { attentionOps } from './ops/attention.ts';
import { castOps } from './ops/cast.ts';
import { controlOps } from './ops/control.ts';
import { convTransposeOps } from './ops/conv-transpose.ts';
import { convolutionOps } from './ops/convolution.ts';
import { creationOps } from './ops/creation.ts';
import { detOps } from './ops/det.ts';
import { einsumOps } from './ops/einsum.ts';
import { gridSampleOps } from './ops/grid-sample.ts';
import { indexingOps } from './ops/indexing.ts';
import { mathOps } from './ops/math.ts';
import { matmulOps } from './ops/matmul.ts';
import { movementOps } from './ops/movement.ts';
import { normalizationOps } from './ops/normalization.ts';
import { poolingOps } from './ops/pooling.ts';
import { quantizationOps } from './ops/quantization.ts';
import { reductionOps } from './ops/reduction.ts';
import { resizeOps } from './ops/resize.ts';
import { shapeOps } from './ops/shape.ts';
import { softmaxOps } from './ops/softmax.ts';
import type { OnnxOpRows } from './row.ts';

/** The operators of ONNX's own domain that can be imported. */
export const onnxOps: OnnxOpRows = {
  ...activationOps,
  ...castOps,
  ...creationOps,
  ...indexingOps,
  ...mathOps,
  ...matmulOps,
  ...movementOps,
  ...reductionOps,
  ...shapeOps,
  ...convolutionOps,
  ...convTransposeOps,
  ...normalizationOps,
  ...poolingOps,
  ...controlOps,
  ...quantizationOps,
  ...resizeOps,
  ...attentionOps,
  ...einsumOps,
  ...detOps,
  ...gridSampleOps,
  ...softmaxOps,
};
