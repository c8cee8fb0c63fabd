import { createHash } from 'node:crypto';
import { invariant } from '../../ir/errors.ts';
import type { Graph, TensorType } from '../../ir/graph/graph.ts';
import { files, formatVersion, type Manifest, type Step, type TensorSlot } from '../../runtime/manifest.ts';
import type { KernelCall } from '../kernels.ts';
import { version } from '../version.ts';
import type { Layout } from './layout.ts';
import { loaderFiles } from './loader-files.ts';
import { printTypings } from './typings.ts';

/** The files of an artifact by name. Equal inputs and options give equal bytes. */
export type ArtifactFiles = Readonly<Record<string, Uint8Array>>;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface AssembleParts {
  readonly graph: Graph;
  readonly calls: readonly KernelCall[];
  readonly layout: Layout;
  readonly kernels: Uint8Array;
  readonly options: Readonly<Record<string, unknown>>;
}

export async function assembleArtifact(parts: AssembleParts): Promise<ArtifactFiles> {
  const { layout, kernels } = parts;
  const manifest = buildManifest(parts);
  return {
    [files.manifest]: encode(`${JSON.stringify(manifest, undefined, 1)}\n`),
    [files.kernels]: kernels,
    [files.weights]: layout.weights,
    'index.js': encode(indexModule),
    'index.d.ts': encode(printTypings(manifest)),
    ...(await loaderFiles()),
  };
}

function buildManifest({ graph, calls, layout, kernels, options }: AssembleParts): Manifest {
  const entry = (bytes: Uint8Array) => ({
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  return {
    format: 'tilewright',
    version: formatVersion,
    name: graph.name,
    inputs: graph.inputs.map((input) => slot(input.name, input.type, layout.address(input.name))),
    outputs: graph.outputs.map((output) =>
      slot(output.name, typeOf(graph, output.value), layout.address(output.value)),
    ),
    memory: { bytes: layout.totalBytes, weights: layout.weightsOffset },
    plan: calls.map((call) => step(call, layout)),
    files: { [files.kernels]: entry(kernels), [files.weights]: entry(layout.weights) },
    provenance: { compiler: version, options },
  };
}

const slot = (name: string, type: TensorType, offset: number): TensorSlot => ({
  name,
  dtype: type.dtype,
  shape: type.shape as readonly number[],
  offset,
});

function step(call: KernelCall, layout: Layout): Step {
  const inputs = call.inputs.map(layout.address);
  const outputs = call.node.outputs.map((output) => layout.address(output.name));
  return {
    kind: 'kernel',
    kernel: call.kernel.name,
    node: call.node.name,
    operands: [...inputs, ...outputs, ...layout.workspaces(call)],
  };
}

function typeOf(graph: Graph, value: string): TensorType {
  const computed = [...graph.inputs, ...graph.nodes.flatMap((node) => node.outputs)].find(
    (candidate) => candidate.name === value,
  );
  const constant = graph.constants.find((candidate) => candidate.name === value);
  const type = computed?.type ?? constant?.data;
  invariant(type !== undefined, `output ${value} is no value of the graph`);
  return { dtype: type.dtype, shape: type.shape };
}

/** What `import` of the artifact's folder gives: `load()` with everything beside it. */
const indexModule = `import { load as loadArtifact } from './runtime/index.js';

export * from './runtime/index.js';
export const load = (options) => loadArtifact(new URL('./', import.meta.url), options);
`;
