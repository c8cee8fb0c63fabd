import { buildModel, integers, type ModelBuilder, scalar } from './model-builder.ts';

interface Sizes {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly sequence: number;
  readonly vocabulary: number;
}

export const VOCABULARY = 30522;

/** What MiniLM-L6 has, with 128 tokens. */
const DEFAULT: Sizes = {
  layers: 6,
  hidden: 384,
  heads: 12,
  feedForward: 1536,
  sequence: 128,
  vocabulary: VOCABULARY,
};

/**
 * A BERT encoder with random weights, in the nodes of PyTorch's export: `input_ids` i64[1, sequence] → f32[1, sequence,
 * hidden]. Attention has no mask: all tokens are read.
 */
export function transformerEncoder(sizes: Partial<Sizes> = {}): Uint8Array {
  const all = { ...DEFAULT, ...sizes };
  const { layers, hidden, sequence, vocabulary } = all;
  const model = buildModel('transformer_encoder');
  const ids = model.input('input_ids', 'i64', [1, sequence]);
  const words = model.node('Gather', [model.weights([vocabulary, hidden], 1), ids], { axis: 0 });
  let state = layerNorm(model, model.node('Add', [words, model.weights([1, sequence, hidden], 0.5)]), hidden);
  for (let layer = 0; layer < layers; layer++) {
    const attended = attention(model, state, all);
    state = layerNorm(model, model.node('Add', [attended, state]), hidden);
    const fed = feedForward(model, state, all);
    state = layerNorm(model, model.node('Add', [fed, state]), hidden);
  }
  return model.finish(state, [1, sequence, hidden]);
}

function attention(model: ModelBuilder, state: string, { hidden, heads, sequence }: Sizes): string {
  const depth = hidden / heads;
  const split = model.constant(integers([1, sequence, heads, depth]));
  const headsOf = (perm: readonly number[]): string => {
    const projected = model.node('Reshape', [dense(model, state, hidden, hidden), split]);
    return model.node('Transpose', [projected], { perm });
  };
  const query = headsOf([0, 2, 1, 3]);
  const key = headsOf([0, 2, 3, 1]);
  const value = headsOf([0, 2, 1, 3]);
  const scores = model.node('Div', [model.node('MatMul', [query, key]), model.constant(scalar(Math.sqrt(depth)))]);
  const weighted = model.node('MatMul', [model.node('Softmax', [scores], { axis: -1 }), value]);
  const joined = model.node('Transpose', [weighted], { perm: [0, 2, 1, 3] });
  const flat = model.node('Reshape', [joined, model.constant(integers([1, sequence, hidden]))]);
  return dense(model, flat, hidden, hidden);
}

function feedForward(model: ModelBuilder, state: string, { hidden, feedForward: inner }: Sizes): string {
  return dense(model, gelu(model, dense(model, state, hidden, inner)), inner, hidden);
}

function dense(model: ModelBuilder, x: string, inputs: number, outputs: number): string {
  const product = model.node('MatMul', [x, model.weights([inputs, outputs], Math.sqrt(1 / inputs))]);
  return model.node('Add', [model.weights([outputs], 0.05), product]);
}

/** x · (1 + erf(x / √2)) / 2, in the nodes that exports write it in. */
export function gelu(model: ModelBuilder, x: string): string {
  const scaled = model.node('Div', [x, model.constant(scalar(Math.SQRT2))]);
  const shifted = model.node('Add', [model.node('Erf', [scaled]), model.constant(scalar(1))]);
  return model.node('Mul', [model.node('Mul', [x, shifted]), model.constant(scalar(0.5))]);
}

function layerNorm(model: ModelBuilder, x: string, size: number): string {
  const ones: Float32Array = new Float32Array(size).fill(1);
  const scale = model.constant({ dtype: 'f32', shape: [size], data: ones });
  return model.node('LayerNormalization', [x, scale, model.weights([size], 0.05)], { axis: -1, epsilon: 1e-5 });
}
