import { assertNever } from '../../ir/errors.ts';
import { evaluateNode } from '../../ir/graph/op-table.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import type { Workload } from '../engines/engine.ts';
import { buildModel, type ModelBuilder, scalar } from '../models/model-builder.ts';
import { gelu } from '../models/transformer-encoder.ts';
import type { ConvKernel, Kernel } from './cases.ts';
import type { Operands } from './operands.ts';

/** Where the channels of an image stand; ONNX's convolutions want them first. */
export type Layout = 'nchw' | 'nhwc';

/** A kernel as an ONNX model with its weights, and its input in the wanted layout. */
export function kernelModel(kernel: Kernel, { x, weights, bias }: Operands, layout: Layout): Workload {
  const model = buildModel(kernel.kind);
  const input = isConv(kernel) && layout === 'nchw' ? toNchw(x) : x;
  const constants = [weights, bias].flatMap((tensor) => (tensor === undefined ? [] : [model.constant(tensor)]));
  const value = model.input('x', 'f32', input.shape);
  const operands = [value, ...constants];
  const { output, shape } = isConv(kernel)
    ? convolve(model, kernel, operands, layout)
    : { output: compute(model, kernel, operands), shape: outputShape(kernel, input.shape) };
  return { model: model.finish(output, shape), inputs: { x: input } };
}

export const isConv = (kernel: Kernel): kernel is ConvKernel => kernel.kind === 'conv' || kernel.kind === 'depthwise';

export const toNchw = (image: TensorData): TensorData => transpose(image, [0, 3, 1, 2]);
export const toNhwc = (image: TensorData): TensorData => transpose(image, [0, 2, 3, 1]);

/** Where the engine works with channels last, it gets and gives them so: its transposes cancel the model's. */
function convolve(model: ModelBuilder, kernel: ConvKernel, operands: readonly string[], layout: Layout) {
  const { filters, size, window, stride, channels } = kernel;
  const [x = '', ...constants] = operands;
  const image = layout === 'nchw' ? x : model.node('Transpose', [x], { perm: [0, 3, 1, 2] });
  const pad = (window - 1) >> 1;
  const sum = model.node('Conv', [image, ...constants], {
    group: kernel.kind === 'conv' ? 1 : channels,
    kernel_shape: [window, window],
    pads: [pad, pad, pad, pad],
    strides: [stride, stride],
  });
  const active = model.node('Relu', [sum]);
  const outer = Math.floor((size + 2 * pad - window) / stride) + 1;
  return layout === 'nchw'
    ? { output: active, shape: [1, filters, outer, outer] }
    : { output: model.node('Transpose', [active], { perm: [0, 2, 3, 1] }), shape: [1, outer, outer, filters] };
}

type Other = Exclude<Kernel, ConvKernel>;

function compute(model: ModelBuilder, kernel: Other, operands: readonly string[]): string {
  const [x = ''] = operands;
  switch (kernel.kind) {
    case 'matmul':
      return model.node('MatMul', operands);
    case 'softmax':
      return model.node('Softmax', [x], { axis: -1 });
    case 'layernorm':
      return model.node('LayerNormalization', operands, { axis: -1, epsilon: 1e-5 });
    case 'gelu':
      return gelu(model, x);
    case 'elementwise':
      return sixCheap(model, x);
    default:
      return assertNever(kernel);
  }
}

/** |relu(x · 1.5 + 0.25) − 0.75| negated. */
function sixCheap(model: ModelBuilder, x: string): string {
  const scaled = model.node('Mul', [x, model.constant(scalar(1.5))]);
  const positive = model.node('Relu', [model.node('Add', [scaled, model.constant(scalar(0.25))])]);
  const shifted = model.node('Sub', [positive, model.constant(scalar(0.75))]);
  return model.node('Neg', [model.node('Abs', [shifted])]);
}

const outputShape = (kernel: Other, input: readonly number[]): readonly number[] =>
  kernel.kind === 'matmul' ? [kernel.m, kernel.n] : input;

function transpose(tensor: TensorData, perm: readonly number[]): TensorData {
  const [result] = evaluateNode({ op: 'transpose', attrs: { perm } }, [tensor]);
  if (result === undefined) throw new Error('a transpose gives one tensor');
  return result;
}
