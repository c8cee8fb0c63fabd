import type { ArtifactAddresses, ArtifactFiles, ArtifactSource } from './api.ts';
import { ArtifactError } from './errors.ts';

export type ReadFile = (name: string) => Promise<Uint8Array>;

interface FileSystem {
  readFile(path: string | URL): Promise<Uint8Array>;
}

/** Node's file system without an import of it, which a bundler for browsers would have to resolve. */
function nodeFileSystem(): FileSystem | undefined {
  const host = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return host.process?.getBuiltinModule?.('node:fs/promises') as FileSystem | undefined;
}

/** How the files of an artifact are read: from memory, by fetch, or from Node's file system. */
export function openSource(source: ArtifactSource): ReadFile {
  if (typeof source !== 'string' && !(source instanceof URL)) return (name) => readEntry(source, name);
  const address = source instanceof URL ? source : parseAddress(source);
  if (address === undefined) return (name) => readPath(`${String(source).replace(/\/$/, '')}/${name}`);
  const folder = address.href.endsWith('/') ? address.href : `${address.href}/`;
  return (name) => readAddress(new URL(name, folder));
}

/** A full address, or in a browser one relative to the page; a path in Node is none. */
function parseAddress(source: string): URL | undefined {
  if (/^(https?|file|blob|data):/.test(source)) return new URL(source);
  const page = (globalThis as { location?: { href: string } }).location?.href;
  return nodeFileSystem() === undefined && page !== undefined ? new URL(source, page) : undefined;
}

async function readEntry(files: ArtifactFiles | ArtifactAddresses, name: string): Promise<Uint8Array> {
  const entry = files[name];
  if (entry === undefined) throw new ArtifactError(`the artifact has no file ${name}`);
  return entry instanceof URL ? readAddress(entry) : entry;
}

const readAddress = (address: URL): Promise<Uint8Array> =>
  address.protocol === 'file:' ? readPath(address) : fetchFile(address);

async function readPath(path: string | URL): Promise<Uint8Array> {
  const fileSystem = nodeFileSystem();
  if (fileSystem === undefined) throw new ArtifactError(`cannot read ${path}: this host has no file system`);
  try {
    return await fileSystem.readFile(path);
  } catch (error) {
    throw new ArtifactError(`cannot read ${path} of the artifact: ${(error as Error).message}`, { cause: error });
  }
}

async function fetchFile(address: URL): Promise<Uint8Array> {
  const response = await fetch(address);
  if (!response.ok) throw new ArtifactError(`cannot fetch ${address.href}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
