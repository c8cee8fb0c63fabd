import { ArtifactError } from './errors.ts';
import { files, formatVersion, type Manifest } from './manifest.ts';
import { Model } from './model.ts';
import { type ArtifactSource, openSource, type ReadFile } from './source.ts';
import type { TypedArray } from './tensor.ts';

export interface LoadOptions {
  /** The kernels, compiled already, for hosts that forbid compiling from bytes. */
  readonly kernels?: WebAssembly.Module;
}

/**
 * Loads an artifact from its folder (a path in Node, an address elsewhere) or from its files in memory.
 * Throws ArtifactError where a file is missing or differs from what the manifest says, or the format is newer.
 */
export async function load(source: ArtifactSource, options: LoadOptions = {}): Promise<Model> {
  const read = openSource(source);
  const manifest = parseManifest(await read(files.manifest));
  const [weights, module] = await Promise.all([
    checked(read, manifest, files.weights),
    options.kernels ??
      checked(read, manifest, files.kernels).then((bytes) => WebAssembly.compile(bytes as BufferSource)),
  ]);
  const pages = Math.ceil(manifest.memory.bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  new Uint8Array(memory.buffer).set(weights, manifest.memory.weights);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  return new Model<Record<string, TypedArray>>(manifest, memory, instance);
}

function parseManifest(bytes: Uint8Array): Manifest {
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new ArtifactError(`${files.manifest} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (manifest?.format !== 'tilewright')
    throw new ArtifactError(`${files.manifest} is not that of a Tilewright artifact`);
  if (manifest.version !== formatVersion) {
    const advice = Number(manifest.version) > formatVersion ? 'update tilewright' : 'compile the model again';
    throw new ArtifactError(
      `the artifact has format version ${manifest.version}, this runtime reads version ${formatVersion}: ${advice}`,
    );
  }
  return manifest as Manifest;
}

/** A file whose length and, where the host has Web Crypto (secure contexts, Node), whose hash is what the manifest says. */
async function checked(read: ReadFile, manifest: Manifest, name: string): Promise<Uint8Array> {
  const expected = manifest.files[name];
  if (expected === undefined) throw new ArtifactError(`${files.manifest} does not list ${name}`);
  const bytes = await read(name);
  if (bytes.length !== expected.bytes) {
    throw new ArtifactError(
      `${name} has ${bytes.length} bytes, the manifest says ${expected.bytes}: the file is truncated or from another build`,
    );
  }
  if (globalThis.crypto?.subtle !== undefined && (await sha256(bytes)) !== expected.sha256) {
    throw new ArtifactError(
      `${name} is not the file that the manifest describes (its SHA-256 differs): it was changed or damaged`,
    );
  }
  return bytes;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
