import { type ArtifactFiles, compile, type Graph, GraphBuilder, type Value } from '../../compiler/index.ts';
import { load, type Model, type Tensor } from '../../runtime/index.ts';

/** A graph whose output `y` is what `build` gives. */
export function graphOf(build: (graph: GraphBuilder) => Value): Graph {
  const graph = new GraphBuilder('test');
  graph.output('y', build(graph));
  return graph.finish();
}

export const artifactOf = async (build: (graph: GraphBuilder) => Value): Promise<ArtifactFiles> =>
  (await compile(graphOf(build))).files;

export const modelOf = async (build: (graph: GraphBuilder) => Value): Promise<Model> => load(await artifactOf(build));

export const f32 = (shape: readonly number[], values: readonly number[]): Tensor<Float32Array> => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(values),
});

/** y = x · w + x, with x: f32[2, 2]; w doubles the first column. */
export const smallArtifact = (): Promise<ArtifactFiles> =>
  artifactOf((graph) => {
    const x = graph.input('x', 'f32', [2, 2]);
    const w = graph.constant(f32([2, 2], [2, 0, 0, 1]), 'w');
    return graph.op('add', [graph.op('matmul', [x, w], { transA: false, transB: false }), x], {});
  });

export const smallX = f32([2, 2], [1, 2, 3, 4]);
export const smallY = f32([2, 2], [3, 4, 9, 8]);

export const numbersOf = (tensor: Tensor | undefined): readonly number[] =>
  Array.from<number | bigint, number>(tensor?.data ?? [], Number);
