import type { ArtifactFiles, ArtifactSource, Device, Feature, LoadOptions, Model } from './api.ts';
import { mostThreads } from './control.ts';
import { ArtifactError } from './errors.ts';
import { supports } from './features.ts';
import { whyOneThread } from './host.ts';
import { files, formatVersion, type KernelsFile, type Manifest } from './manifest.ts';
import { type LoadedInfo, LoadedModel, onThisThread } from './model.ts';
import { bindSteps, isWorthSharing, memoryBytes } from './program.ts';
import { withSharedMemory } from './shared-memory.ts';
import { openSource, type ReadFile } from './source.ts';
import { Threads } from './threads.ts';

/**
 * Loads an artifact from its folder (a path in Node, an address elsewhere) or from its files in memory.
 * Throws ArtifactError where a file is missing or differs from what the manifest says, or the format is newer,
 * RangeError for a number of threads that cannot be, and ThreadError where threads cannot be started.
 *
 * Of an artifact with variants it takes the first, unless `choose` says which.
 */
export async function load<M extends Model>(
  source: ArtifactSource,
  options: LoadOptions & { readonly device: Device<M> },
): Promise<M>;
export async function load(source: ArtifactSource, options?: LoadOptions): Promise<Model>;
export async function load(source: ArtifactSource, options: LoadOptions = {}): Promise<Model> {
  const read = openSource(source);
  const manifest = await readManifest(read);
  const { device, choose, kernels, threads = 1, relaxedSimd } = options;
  if (device !== undefined) return device({ manifest, read: (file) => readChecked(read, manifest, file) });
  if (manifest.kernels.length === 0)
    throw new ArtifactError('the model was compiled for WebGPU alone: load it with { device: webgpu() }');
  const { variants } = manifest;
  if (choose === undefined || kernels !== undefined || variants === undefined)
    return loadVariant(read, manifest, options);
  return choose({
    key: JSON.stringify([manifest.sha256, threads, relaxedSimd]),
    variants: variants.map(({ device, engine, manifest: file }) => ({
      name: `${device}, ${engine.name} ${engine.version}`,
      load: async () => {
        const own =
          file === files.manifest ? manifest : await parseManifest(file, await readChecked(read, manifest, file));
        return loadVariant(read, own, options);
      },
    })),
  });
}

async function loadVariant(read: ReadFile, manifest: Manifest, options: LoadOptions): Promise<Model> {
  const { module, memory, ...facts } = await placeVariant(read, manifest, options);
  const { threads } = facts;
  const runner =
    threads > 1
      ? await Threads.start({ manifest, module, memory }, threads)
      : onThisThread(manifest, await WebAssembly.instantiate(module, { env: { memory } }));
  return new LoadedModel(manifest, memory, runner, facts);
}

/** A model's kernels and its memory, with its weights in place. */
export interface PlacedVariant extends LoadedInfo {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

export async function placeVariant(read: ReadFile, manifest: Manifest, options: LoadOptions): Promise<PlacedVariant> {
  const { threads, oneThreadBecause } = chooseThreads(manifest, options);
  const [weights, kernels] = await Promise.all([
    readWeights(read, manifest),
    openKernels(read, manifest, options, threads > 1),
  ]);
  const bytes = memoryBytes(manifest, threads);
  const pages = Math.ceil(bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: threads > 1 });
  await placeWeights(manifest, weights, kernels.module, memory);
  return {
    ...kernels,
    memory,
    threads,
    memoryBytes: bytes,
    ...(oneThreadBecause !== undefined && { oneThreadBecause }),
  };
}

/** Copies the weights that kernels read as they are, and makes the operands that are prepared of others. */
export async function placeWeights(
  manifest: Pick<Manifest, 'memory' | 'weights' | 'prepare'>,
  weights: ArtifactFiles,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<void> {
  const bytes = new Uint8Array(memory.buffer);
  const partOf = (file: string, offset: number, end: number): Uint8Array =>
    (weights[file] as Uint8Array).subarray(offset, end);
  let at = manifest.memory.weights;
  for (const { file, resident } of manifest.weights) {
    bytes.set(partOf(file, 0, resident), at);
    at += resident;
  }
  if (manifest.prepare.length === 0) return;
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  for (const { weights: part, to, step } of manifest.prepare) {
    bytes.set(partOf(part.file, part.offset, part.offset + part.bytes), to);
    for (const bound of bindSteps([step], manifest.memory, exports)) bound.run(0, 1);
  }
}

interface ThreadChoice {
  readonly threads: number;
  readonly oneThreadBecause?: string;
}

function chooseThreads(manifest: Manifest, { threads = 1, kernels }: LoadOptions): ThreadChoice {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    throw new RangeError(`threads must be a whole number from 1 to ${mostThreads}, but is ${threads}`);
  if (threads === 1) return { threads };
  const obstacle =
    kernels !== undefined
      ? 'kernels that are compiled already take no shared memory'
      : manifest.plan.some(isWorthSharing)
        ? whyOneThread()
        : 'no kernel of the model has enough work to share';
  return obstacle === undefined ? { threads } : { threads: 1, oneThreadBecause: obstacle };
}

interface Kernels {
  readonly module: WebAssembly.Module;
  readonly features: readonly Feature[];
}

async function openKernels(
  read: ReadFile,
  manifest: Manifest,
  options: LoadOptions,
  isShared: boolean,
): Promise<Kernels> {
  if (options.kernels !== undefined) return { module: options.kernels, features: [] };
  const { file, requires } = chooseKernels(manifest, options.relaxedSimd);
  const bytes = await readChecked(read, manifest, file);
  const module = await WebAssembly.compile((isShared ? withSharedMemory(bytes) : bytes) as BufferSource);
  return { module, features: requires };
}

function chooseKernels(manifest: Manifest, relaxedSimd: boolean | undefined): KernelsFile {
  const isWanted = ({ requires }: KernelsFile): boolean =>
    requires.every(supports) && (relaxedSimd === undefined || requires.includes('relaxed-simd') === relaxedSimd);
  const variant = manifest.kernels.find(isWanted);
  if (variant !== undefined) return variant;
  throw new ArtifactError(
    `the artifact has no kernels for this engine with relaxed SIMD ${relaxedSimd === false ? 'off' : 'on'}`,
  );
}

/** What an artifact says of itself. */
export const readManifest = async (read: ReadFile): Promise<Manifest> =>
  parseManifest(files.manifest, await read(files.manifest));

/** The manifest in a file, whose hash stands in itself. */
async function parseManifest(file: string, bytes: Uint8Array): Promise<Manifest> {
  const manifest = parseJson(file, bytes);
  if (manifest?.format !== 'tilewright') throw new ArtifactError(`${file} is not that of a Tilewright artifact`);
  if (manifest.version !== formatVersion) {
    const advice = manifest.version > formatVersion ? 'update tilewright' : 'compile the model again';
    throw new ArtifactError(
      `the artifact has format version ${manifest.version}, this runtime reads version ${formatVersion}: ${advice}`,
    );
  }
  const { sha256, ...content } = manifest;
  await checkHash(file, new TextEncoder().encode(JSON.stringify(content)), sha256);
  return manifest;
}

function parseJson(file: string, bytes: Uint8Array): Manifest {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new ArtifactError(`${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

async function readWeights(read: ReadFile, manifest: Manifest): Promise<ArtifactFiles> {
  const names = manifest.weights.map(({ file }) => file);
  const contents = await Promise.all(
    names.map(async (name) => [name, await readChecked(read, manifest, name)] as const),
  );
  return Object.fromEntries(contents);
}

async function readChecked(read: ReadFile, manifest: Manifest, name: string): Promise<Uint8Array> {
  const expected = manifest.files[name];
  if (expected === undefined) throw new ArtifactError(`${files.manifest} does not list ${name}`);
  const bytes = await read(name);
  if (bytes.length !== expected.bytes) {
    throw new ArtifactError(
      `${name} has ${bytes.length} bytes, the manifest says ${expected.bytes}: the file is truncated or from another build`,
    );
  }
  await checkHash(name, bytes, expected.sha256);
  return bytes;
}

/** Compares where the host has Web Crypto: Node and secure contexts. */
async function checkHash(name: string, bytes: Uint8Array, expected: string): Promise<void> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) return;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as BufferSource));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (found === expected) return;
  throw new ArtifactError(`${name} was changed or damaged: its SHA-256 is not the one in ${files.manifest}`);
}
