import { optimizeGraph } from '../../compiler/graph-passes/index.ts';
import type { Tolerance } from '../../compiler/io/compare.ts';
import { isAlias } from '../../compiler/kernels.ts';
import { lowerGroup } from '../../compiler/lower/lower-group.ts';
import { compile } from '../../compiler/pipeline.ts';
import type { Shape } from '../../ir/dim.ts';
import type { DType } from '../../ir/dtype.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { evaluateNode } from '../../ir/graph/op-table.ts';
import { runGraph } from '../../ir/graph/run-graph.ts';
import type { Scalar } from '../../ir/scalar.ts';
import { interpretFunc } from '../../ir/tensor/interpret.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import type { ArtifactFiles, LoadOptions } from '../../runtime/api.ts';
import { load } from '../../runtime/load.ts';
import { withMuchWork } from '../runtime/rewritten.ts';
import { openDevice } from '../webgpu/devices.ts';
import { runOnGpu } from '../webgpu/run-program.ts';

export type Tensors = Readonly<Record<string, TensorData>>;

/** What runs whole programs. */
export interface NumericsDevice {
  readonly name: string;
  /** Whether it is to give the right result of such a value. */
  readonly holds: (value: Scalar, dtype: DType) => boolean;
  /** How far a float may be from the interpreter's. */
  readonly tolerance: (dtype: DType) => Tolerance;
  readonly run: (graph: Graph, inputs: Tensors) => Promise<Tensors>;
}

/** Runs the groups of a graph as they are lowered to loops, before any schedule. */
function interpretLoops(graph: Graph, inputs: Tensors): Tensors {
  const operands = graph.inputs.map(({ name }) => inputs[name] as TensorData);
  const results = runGraph(optimizeGraph(graph), operands, (node, values) => {
    if (node.op !== 'fused' || isAlias(node)) return evaluateNode(node, values);
    const func = lowerGroup(node);
    const as = (shape: Shape, { dtype, data }: TensorData): TensorData => ({ dtype, data, shape: shape as number[] });
    const flat = func.inputs.map(({ shape }, i) => as(shape, values[i] as TensorData));
    return interpretFunc(func, flat).map((result, i) => as(node.outputs[i]?.type.shape ?? [], result));
  });
  return Object.fromEntries(graph.outputs.map(({ name }, i) => [name, results[i] as TensorData]));
}

const artifacts = new WeakMap<Graph, Promise<ArtifactFiles>>();

/** Every kernel is divided among threads, where there are some. */
function artifactOf(graph: Graph): Promise<ArtifactFiles> {
  const known = artifacts.get(graph);
  const artifact = known ?? compile(graph).then(({ files }) => withMuchWork(files));
  artifacts.set(graph, artifact);
  return artifact;
}

const onProcessor =
  (options: LoadOptions) =>
  async (graph: Graph, inputs: Tensors): Promise<Tensors> => {
    const model = await load(await artifactOf(graph), options);
    try {
      return await model.run(inputs);
    } finally {
      model.dispose();
    }
  };

/** Sums in another order, and functions like exp by other approximations. */
const onWasm = (dtype: DType): Tolerance => (dtype === 'f16' ? { rtol: 2e-3, atol: 1e-6 } : { rtol: 1e-5, atol: 1e-8 });
const onGpu = (dtype: DType): Tolerance => (dtype === 'f16' ? { rtol: 2e-3, atol: 1e-5 } : { rtol: 2e-5, atol: 1e-6 });

const everything = (): boolean => true;

/** Drivers may take subnormal floats for zero, and 64-bit integers are checked to fit 32 bits. */
function heldByGpu(value: Scalar, dtype: DType): boolean {
  if (dtype === 'f32') return value === 0 || !(Math.abs(value as number) < 2 ** -126);
  return dtype !== 'i64' || value === BigInt.asIntN(32, value as bigint);
}

const processors: readonly NumericsDevice[] = [
  {
    name: 'interpreter',
    holds: everything,
    tolerance: onWasm,
    run: async (graph, inputs) => interpretLoops(graph, inputs),
  },
  { name: 'wasm', holds: everything, tolerance: onWasm, run: onProcessor({ relaxedSimd: false }) },
  { name: 'wasm with relaxed SIMD', holds: everything, tolerance: onWasm, run: onProcessor({ relaxedSimd: true }) },
  { name: 'wasm threads', holds: everything, tolerance: onWasm, run: onProcessor({ threads: 2 }) },
];

const webgpu = (name: string, device: GPUDevice): NumericsDevice => ({
  name,
  holds: heldByGpu,
  tolerance: onGpu,
  run: (graph, inputs) => runOnGpu(device, graph, inputs, ['wasm', 'webgpu']),
});

const { name, device } = await openDevice();

/** Every device that is here. */
export const numericsDevices: readonly NumericsDevice[] =
  device === undefined ? processors : [...processors, webgpu(name, device)];

/** What is not here, and why. */
export const missingDevices: readonly string[] = device === undefined ? [name] : [];
