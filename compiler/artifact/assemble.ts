import { createHash } from 'node:crypto';
import { invariant } from '../../ir/errors.ts';
import type { Graph, TensorType } from '../../ir/graph/graph.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';
import {
  type FileEntry,
  files,
  formatVersion,
  type Manifest,
  type Provenance,
  type TensorSlot,
} from '../../runtime/manifest.ts';
import type { KernelCall } from '../kernels.ts';
import { version } from '../version.ts';
import type { Layout } from './layout.ts';
import { loaderFiles } from './loader-files.ts';
import { preparationsOf, stepsOf, threadBytes } from './steps.ts';
import { indexModule, packageJson, printTypings } from './typings.ts';

export interface AssembleParts {
  readonly graph: Graph;
  readonly calls: readonly KernelCall[];
  readonly layout: Layout;
  readonly kernels: KernelFiles;
  readonly options: Readonly<Record<string, unknown>>;
  readonly schedules: Provenance['schedules'];
}

/** The kernels for engines with relaxed SIMD and for all others. */
export type KernelFiles = Readonly<Record<typeof files.kernels | typeof files.relaxedKernels, Uint8Array>>;

type Content = Omit<Manifest, 'files' | 'provenance' | 'sha256'>;

/** The files of an artifact. Equal parts give equal bytes. */
export async function assembleArtifact(parts: AssembleParts): Promise<ArtifactFiles> {
  const content = describe(parts);
  const others: ArtifactFiles = {
    ...parts.kernels,
    [files.weights]: parts.layout.weights,
    ...encodeAll({
      'index.js': indexModule,
      'index.d.ts': printTypings(content),
      'package.json': packageJson,
      ...(await loaderFiles()),
    }),
  };
  const body: Omit<Manifest, 'sha256'> = {
    ...content,
    files: Object.fromEntries(Object.entries(others).map(([name, bytes]) => [name, entry(bytes)])),
    provenance: { compiler: version, options: parts.options, ...(parts.schedules && { schedules: parts.schedules }) },
  };
  const manifest: Manifest = { ...body, sha256: hash(JSON.stringify(body)) };
  return { ...encodeAll({ [files.manifest]: `${JSON.stringify(manifest, undefined, 1)}\n` }), ...others };
}

const encodeAll = (texts: Readonly<Record<string, string>>): ArtifactFiles =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, new TextEncoder().encode(text)]));

const hash = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');
const entry = (bytes: Uint8Array): FileEntry => ({ bytes: bytes.length, sha256: hash(bytes) });

function describe({ graph, calls, layout }: AssembleParts): Content {
  return {
    format: 'tilewright',
    version: formatVersion,
    name: graph.name,
    inputs: graph.inputs.map((input) => slot(input.name, input.type, layout.address(input.name))),
    outputs: graph.outputs.map((output) =>
      slot(output.name, typeOf(graph, output.value), layout.address(output.value)),
    ),
    memory: {
      bytes: layout.totalBytes,
      weights: layout.weightsOffset,
      resident: layout.residentBytes,
      thread: threadBytes(calls),
    },
    prepare: preparationsOf(layout),
    plan: calls.flatMap((call) => stepsOf(call, layout)),
    kernels: [
      { file: files.relaxedKernels, requires: ['relaxed-simd'] },
      { file: files.kernels, requires: [] },
    ],
  };
}

const slot = (name: string, type: TensorType, offset: number): TensorSlot => ({
  name,
  dtype: type.dtype,
  shape: type.shape as readonly number[],
  offset,
});

function typeOf(graph: Graph, value: string): TensorType {
  const computed = [...graph.inputs, ...graph.nodes.flatMap((node) => node.outputs)].find(
    (candidate) => candidate.name === value,
  );
  const constant = graph.constants.find((candidate) => candidate.name === value);
  const type = computed?.type ?? constant?.data;
  invariant(type !== undefined, `output ${value} is no value of the graph`);
  return { dtype: type.dtype, shape: type.shape };
}
