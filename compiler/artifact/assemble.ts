import { createHash } from 'node:crypto';
import { invariant } from '../../ir/errors.ts';
import type { Graph, TensorType } from '../../ir/graph/graph.ts';
import type { ArtifactFiles, Feature } from '../../runtime/api.ts';
import {
  type FileEntry,
  files,
  formatVersion,
  type Manifest,
  type Provenance,
  type ScheduleOrigin,
  type TensorSlot,
  type Variant,
} from '../../runtime/manifest.ts';
import type { KernelCall } from '../kernels.ts';
import type { Reused } from '../reuse/choose-schedule.ts';
import type { DeviceProfile } from '../tune/device.ts';
import { version } from '../version.ts';
import type { CompiledForWebgpu } from '../webgpu/program.ts';
import type { Layout } from './layout.ts';
import { chooserFiles, loaderFiles, webgpuFiles } from './loader-files.ts';
import { preparationsOf, stepsOf, threadBytes } from './steps.ts';
import { packageJson, printIndex, printTypings } from './typings.ts';
import type { WeightsFile } from './weights.ts';

export interface AssembleParts {
  readonly graph: Graph;
  /** The first is what is loaded where nobody chooses. */
  readonly variants: readonly VariantParts[];
  /** The model as it runs on a GPU, if it was compiled for that. */
  readonly webgpu?: WebgpuParts;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface WebgpuParts extends Pick<CompiledForWebgpu, 'program' | 'files' | 'reused'> {
  /** The files that its constants stand in, and those of what the processor runs. */
  readonly weights: readonly Pick<WeightsFile, 'file' | 'bytes'>[];
}

/** The model as it is compiled for one kind of device. */
export interface VariantParts {
  /** Where its schedules were measured; known of each where there are several. */
  readonly profile?: DeviceProfile;
  readonly calls: readonly KernelCall[];
  readonly layout: Layout;
  /** Missing where the model is compiled for GPUs alone. */
  readonly kernels?: KernelFiles;
  readonly reused?: readonly Reused[];
}

/** The kernels for engines with relaxed SIMD and for all others. */
export type KernelFiles = Readonly<Record<typeof files.kernels | typeof files.relaxedKernels, Uint8Array>>;

type Content = Omit<Manifest, 'variants' | 'webgpu' | 'files' | 'provenance' | 'sha256'>;

/** What a variant is, and the files that it needs. */
interface Described {
  readonly content: Content;
  readonly needs: ArtifactFiles;
  readonly provenance: Pick<Provenance, 'schedules'>;
}

/**
 * The files of an artifact. Equal parts give equal bytes. Each variant has a manifest, which lists what it needs; that
 * of the first lists all. Files that variants share are there once.
 */
export async function assembleArtifact({ graph, variants, webgpu, options }: AssembleParts): Promise<ArtifactFiles> {
  const nameOf = namesByContent();
  const described = variants.map((parts, variant) =>
    describe(graph, parts, (name, bytes) => nameOf(name, bytes, variant)),
  );
  const [first, ...others] = described;
  invariant(first !== undefined, 'a model is compiled in one way at least');
  const printed = (
    known: Pick<Provenance, 'schedules' | 'webgpuSchedules'>,
    body: Omit<Manifest, 'files' | 'provenance' | 'sha256'>,
    listed: ArtifactFiles,
  ) =>
    printManifest({
      ...body,
      files: Object.fromEntries(Object.entries(listed).map(([name, bytes]) => [name, entry(bytes)])),
      provenance: { compiler: version, options, ...known },
    });
  const data: ArtifactFiles = Object.assign(
    {},
    first.needs,
    ...others.flatMap((other, i) => [
      { [ownName(files.manifest, i + 1)]: printed(other.provenance, other.content, other.needs) },
      other.needs,
    ]),
    webgpu?.files,
    ...(webgpu?.weights ?? []).map(({ file, bytes }) => ({ [file]: bytes })),
  );
  const loader = encodeAll({
    'index.js': printIndex([files.manifest, ...Object.keys(data)], webgpu !== undefined),
    'index.d.ts': printTypings(first.content, webgpu !== undefined),
    'package.json': packageJson,
    ...(await loaderFiles()),
    ...(others.length > 0 && (await chooserFiles())),
    ...(webgpu !== undefined && (await webgpuFiles())),
  });
  const rest: ArtifactFiles = { ...data, ...loader };
  const body = {
    ...first.content,
    ...(others.length > 0 && { variants: variants.map(variantEntry) }),
    ...(webgpu !== undefined && { webgpu: webgpu.program }),
  };
  const provenance = {
    ...first.provenance,
    ...(webgpu?.reused && { webgpuSchedules: schedulesOf(webgpu.reused) }),
  };
  return { [files.manifest]: printed(provenance, body, rest), ...rest };
}

const variantEntry = ({ profile }: VariantParts, variant: number): Variant => {
  invariant(profile !== undefined, 'it is known for what each variant is');
  const { name, version: engineVersion } = profile.engine;
  const engine = { name, version: engineVersion };
  return { device: profile.device.class, engine, manifest: ownName(files.manifest, variant) };
};

/** `kernels.wasm` is the first variant's, `kernels.1.wasm` the next one's. */
const ownName = (name: string, variant: number): string =>
  variant === 0 ? name : name.replace(/(?=\.\w+$)/, `.${variant}`);

/** Names files of variants, equal ones by the name of the first. */
function namesByContent(): (name: string, bytes: Uint8Array, variant: number) => string {
  const names = new Map<string, string>();
  return (name, bytes, variant) => {
    const key = `${name} ${hash(bytes)}`;
    const known = names.get(key) ?? ownName(name, variant);
    names.set(key, known);
    return known;
  };
}

const printManifest = (body: Omit<Manifest, 'sha256'>): Uint8Array => {
  const manifest: Manifest = { ...body, sha256: hash(JSON.stringify(body)) };
  return new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 1)}\n`);
};

const encodeAll = (texts: Readonly<Record<string, string>>): ArtifactFiles =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, new TextEncoder().encode(text)]));

const hash = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');
const entry = (bytes: Uint8Array): FileEntry => ({ bytes: bytes.length, sha256: hash(bytes) });

function describe(
  graph: Graph,
  { calls, layout, kernels, reused }: VariantParts,
  nameOf: (name: string, bytes: Uint8Array) => string,
): Described {
  const code = kernels === undefined ? [] : kernelFiles(kernels, nameOf);
  const weights = kernels === undefined ? [] : layout.weights;
  const content: Content = {
    format: 'tilewright',
    version: formatVersion,
    name: graph.name,
    inputs: graph.inputs.map((input) => slot(input.name, input.type, layout.address(input.name))),
    outputs: graph.outputs.map((output) =>
      slot(output.name, typeOf(graph, output.value), layout.address(output.value)),
    ),
    memory: { bytes: layout.totalBytes, weights: layout.weightsOffset, thread: threadBytes(calls) },
    weights: weights.map(({ file, resident }) => ({ file, resident })),
    prepare: preparationsOf(layout),
    plan: calls.flatMap((call) => stepsOf(call, layout)),
    kernels: code.map(({ file, requires }) => ({ file, requires })),
  };
  const needs = Object.fromEntries([...code, ...weights].map(({ file, bytes }) => [file, bytes]));
  return { content, needs, provenance: reused === undefined ? {} : { schedules: schedulesOf(reused) } };
}

const schedulesOf = (reused: readonly Reused[]): readonly ScheduleOrigin[] =>
  reused.map(({ kernel, answer }) => ({ kernel: kernel.name, ...answer }));

/** The code of a variant, the fastest first. */
function kernelFiles(kernels: KernelFiles, nameOf: (name: string, bytes: Uint8Array) => string) {
  const named = (name: keyof KernelFiles, requires: readonly Feature[]) => ({
    file: nameOf(name, kernels[name]),
    bytes: kernels[name],
    requires,
  });
  return [named(files.relaxedKernels, ['relaxed-simd']), named(files.kernels, [])];
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
