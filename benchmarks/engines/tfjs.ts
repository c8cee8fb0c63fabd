import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as TfjsWasm from '@tensorflow/tfjs-backend-wasm';
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { assertNever } from '../../ir/errors.ts';
import type { TypedArray } from '../../ir/tensor-data.ts';
import type { ConvKernel, Kernel } from '../kernels/cases.ts';
import type { Operands } from '../kernels/operands.ts';
import type { Session } from './engine.ts';

// Both packages ship CommonJS for Node, and must get the same instance of the first.
const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core') as typeof Tfjs;
const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof TfjsWasm;

/** tfjs's WebAssembly backend with SIMD on one thread: each kernel in its own operators, fused where it has them. */
export async function openTfjs(kernel: Kernel, { x, weights, bias }: Operands): Promise<Session> {
  await startBackend();
  const constants: Constants = {
    ...(weights === undefined ? {} : { weights: tf.tensor(weights.data as Float32Array, [...weights.shape]) }),
    ...(bias === undefined ? {} : { bias: tf.tensor(bias.data as Float32Array, [...bias.shape]) }),
  };
  const apply = operation(kernel, constants);
  return {
    run: async () => {
      const result = tf.tidy(() => apply(tf.tensor(x.data as Float32Array, [...x.shape])));
      const data = result.dataSync() as TypedArray;
      result.dispose();
      return [{ shape: result.shape, data }];
    },
    dispose: async () => tf.dispose(Object.values(constants)),
  };
}

interface Constants {
  readonly weights?: Tensor;
  readonly bias?: Tensor;
}

async function startBackend(): Promise<void> {
  if (tf.getBackend() === 'wasm') return;
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  wasm.setThreadsCount(1);
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend of tfjs does not start');
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) throw new Error('tfjs finds no SIMD');
}

function operation(kernel: Kernel, { weights, bias }: Constants): (x: Tensor) => Tensor {
  switch (kernel.kind) {
    case 'matmul':
      return (x) => tf.matMul(x, given(weights));
    case 'conv':
    case 'depthwise':
      return convolution(kernel, given(weights), given(bias));
    case 'softmax':
      return (x) => tf.softmax(x);
    case 'layernorm':
      return (x) => {
        const { mean, variance } = tf.moments(x, -1, true);
        const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
        return tf.add(tf.mul(normal, given(weights)), given(bias));
      };
    case 'gelu':
      return (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    case 'elementwise':
      return (x) => tf.neg(tf.abs(tf.sub(tf.relu(tf.add(tf.mul(x, 1.5), 0.25)), 0.75)));
    default:
      return assertNever(kernel);
  }
}

/** Filters of [height, width, channels, filters], or [height, width, channels, 1] where each channel is by itself. */
function convolution(kernel: ConvKernel, weights: Tensor, bias: Tensor): (x: Tensor) => Tensor {
  const { stride, window, kind } = kernel;
  const filter = tf.transpose(weights, kind === 'conv' ? [2, 3, 1, 0] : [2, 3, 0, 1]) as Tensor4D;
  const options = {
    filter,
    strides: stride,
    pad: (window - 1) >> 1,
    dimRoundingMode: 'floor',
    bias,
    activation: 'relu',
  } as const;
  const compute = kind === 'conv' ? tf.fused.conv2d : tf.fused.depthwiseConv2d;
  return (x) => compute({ x: x as Tensor4D, ...options });
}

function given(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new Error('the kernel has no such operand');
  return tensor;
}
