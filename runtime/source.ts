import type { ArtifactFiles, ArtifactSource } from './api.ts';
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
  if (typeof source !== 'string' && !(source instanceof URL)) return fromFiles(source);
  const address = source instanceof URL ? source : parseAddress(source);
  if (address === undefined) return fromFileSystem((name) => `${String(source).replace(/\/$/, '')}/${name}`);
  const folder = address.href.endsWith('/') ? address.href : `${address.href}/`;
  if (address.protocol === 'file:') return fromFileSystem((name) => new URL(name, folder));
  return (name) => fetchFile(new URL(name, folder));
}

/** A full address, or in a browser one relative to the page; a path in Node is none. */
function parseAddress(source: string): URL | undefined {
  if (/^(https?|file|blob|data):/.test(source)) return new URL(source);
  const page = (globalThis as { location?: { href: string } }).location?.href;
  return nodeFileSystem() === undefined && page !== undefined ? new URL(source, page) : undefined;
}

const fromFiles =
  (files: ArtifactFiles): ReadFile =>
  async (name) => {
    const bytes = files[name];
    if (bytes === undefined) throw new ArtifactError(`the artifact has no file ${name}`);
    return bytes;
  };

function fromFileSystem(locate: (name: string) => string | URL): ReadFile {
  const fileSystem = nodeFileSystem();
  return async (name) => {
    const path = locate(name);
    if (fileSystem === undefined) throw new ArtifactError(`cannot read ${path}: this host has no file system`);
    try {
      return await fileSystem.readFile(path);
    } catch (error) {
      throw new ArtifactError(`cannot read ${path} of the artifact: ${(error as Error).message}`, { cause: error });
    }
  };
}

async function fetchFile(address: URL): Promise<Uint8Array> {
  const response = await fetch(address);
  if (!response.ok) throw new ArtifactError(`cannot fetch ${address.href}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
