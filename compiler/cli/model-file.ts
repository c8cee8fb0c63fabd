import { closeSync, openSync, readSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CompilerError, OnnxImportError } from '../../ir/errors.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { parseGraph } from '../../ir/text/parse.ts';
import { load } from '../../runtime/load.ts';
import { files } from '../../runtime/manifest.ts';
import type { Model } from '../../runtime/model.ts';
import { importOnnx } from '../onnx/import.ts';
import { compile } from '../pipeline.ts';
import type { BindingOptions } from './options.ts';

/** Reads a model: the text of a graph from a `.tir` file, ONNX from any other. Throws CompilerError where it cannot. */
export async function readModel(path: string, { dim, shape }: BindingOptions): Promise<Graph> {
  const bytes = await readUserFile(path);
  if (path.endsWith('.tir')) return parseGraph(new TextDecoder().decode(bytes), path);
  return importOnnx(bytes, { dims: dim, shapes: shape, externalData: externalDataBeside(path) });
}

export async function readUserFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new CompilerError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Files beside the model, and nowhere else: a location that leads out of its folder is refused. */
function externalDataBeside(path: string) {
  const folder = resolve(dirname(path));
  return (location: string, offset: number, length: number | undefined): Uint8Array => {
    const file = resolve(folder, location);
    if (!file.startsWith(join(folder, '/')))
      throw new OnnxImportError(`external data ${JSON.stringify(location)} lies outside of the model's folder`);
    return readPart(file, offset, length);
  };
}

function readPart(file: string, offset: number, length: number | undefined): Uint8Array {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const bytes = new Uint8Array(length ?? 0);
    const read = readSync(descriptor, bytes, 0, bytes.length, offset);
    if (read < bytes.length) throw new Error(`it has ${read} of ${bytes.length} bytes at offset ${offset}`);
    return bytes;
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

/** Loads an artifact's folder, or compiles a model file in memory and loads that. */
export async function loadModel(path: string, options: BindingOptions): Promise<Model> {
  if (await isArtifact(path)) return load(resolve(path));
  const compilation = await compile(await readModel(path, options));
  return load(compilation.files);
}
