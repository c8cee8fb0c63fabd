import { closeSync, openSync, readSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CompilerError, OnnxImportError } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { parseGraph } from '../../ir/text/parse.ts';
import type { ArtifactSource } from '../../runtime/api.ts';
import { files } from '../../runtime/manifest.ts';
import { importOnnx } from '../onnx/import.ts';
import type { ExternalData } from '../onnx/tensor.ts';
import { compile, type TargetName } from '../pipeline.ts';
import type { BindingOptions, ModelOptions } from './options.ts';

/** Reads a model: the text of a graph from a `.tir` file, ONNX from any other. Throws CompilerError where it cannot. */
export async function readModel(path: string, { dim, shape }: BindingOptions): Promise<Graph> {
  const bytes = await readUserFile(path);
  if (!path.endsWith('.tir')) return importOnnx(bytes, { dims: dim, shapes: shape, externalData: dataBeside(path) });
  if (Object.keys(dim).length + Object.keys(shape).length > 0)
    throw new CompilerError(`${path} is a program in text form: write the sizes in it, --dim and --shape are for ONNX`);
  return parseGraph(new TextDecoder().decode(bytes), path);
}

export async function readUserFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new CompilerError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Files beside the model, and nowhere else: a location that leads out of its folder is refused. */
function dataBeside(path: string): ExternalData {
  const folder = resolve(dirname(path));
  return (location, offset, length) => {
    const file = resolve(folder, location);
    if (!file.startsWith(join(folder, '/')))
      throw new OnnxImportError(`external data ${JSON.stringify(location)} lies outside of the model's folder`);
    return readPart(file, offset, length);
  };
}

function readPart(file: string, offset: number, length: number): Uint8Array {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const bytes = new Uint8Array(length);
    // One read gives 2 GiB at most.
    let end = 0;
    for (let read = -1; read !== 0 && end < length; end += read)
      read = readSync(descriptor, bytes, end, Math.min(length - end, 2 ** 30), offset + end);
    return bytes.subarray(0, end);
  } catch (error) {
    throw new OnnxImportError(`cannot read external data ${file}: ${(error as Error).message}`, { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

export async function isArtifact(path: string): Promise<boolean> {
  return stat(join(path, files.manifest)).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

/** What to load: an artifact's folder as it is, or the files of a model that is compiled in memory. */
export async function artifactOf(
  path: string,
  options: ModelOptions,
  targets: readonly TargetName[],
): Promise<ArtifactSource> {
  if (await isArtifact(path)) return resolve(path);
  return (await compile(await readModel(path, options), { parallel: options.parallel, targets })).files;
}
