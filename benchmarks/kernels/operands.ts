import { assertNever } from '../../ir/errors.ts';
import { elementCount, type TensorData } from '../../ir/tensor-data.ts';
import { randomFloats, randomStream } from '../models/random.ts';
import type { Kernel } from './cases.ts';

/** The tensors that a kernel is measured with, the same for every engine. */
export interface Operands {
  /** Images stand as [1, height, width, channels]. */
  readonly x: TensorData;
  /** As ONNX has them: a matrix of [k, n], or filters of [filters, channels, height, width]. */
  readonly weights?: TensorData;
  readonly bias?: TensorData;
}

export function operandsOf(kernel: Kernel): Operands {
  const next = randomStream(7);
  const tensor = (shape: readonly number[], deviation: number): TensorData => ({
    dtype: 'f32',
    shape,
    data: randomFloats(next, elementCount(shape), deviation),
  });
  switch (kernel.kind) {
    case 'matmul': {
      const { m, k, n } = kernel;
      return { x: tensor([m, k], 1), weights: tensor([k, n], Math.sqrt(1 / k)) };
    }
    case 'conv':
    case 'depthwise': {
      const { channels, filters, size, window } = kernel;
      const depth = kernel.kind === 'conv' ? channels : 1;
      const weights = tensor([filters, depth, window, window], Math.sqrt(1 / (depth * window * window)));
      return { x: tensor([1, size, size, channels], 1), weights, bias: tensor([filters], 0.1) };
    }
    case 'layernorm':
      return {
        x: tensor([kernel.rows, kernel.columns], 1),
        weights: tensor([kernel.columns], 1),
        bias: tensor([kernel.columns], 0.1),
      };
    case 'softmax':
    case 'gelu':
      return { x: tensor([kernel.rows, kernel.columns], 1) };
    case 'elementwise':
      return { x: tensor(kernel.shape, 1) };
    default:
      return assertNever(kernel);
  }
}
