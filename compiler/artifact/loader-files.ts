import { readdir, readFile } from 'node:fs/promises';
import * as nodeModule from 'node:module';
import { chooserTypings, runtimeTypings, webgpuTypings } from './typings.ts';

type Texts = Readonly<Record<string, string>>;

/**
 * The runtime as an artifact carries it, no byte of which depends on the model: its modules as JavaScript without
 * comments, and its types. The published package holds them built; in a checkout their types are stripped here.
 */
export function loaderFiles(): Promise<Texts> {
  loaded ??= readLoader();
  return loaded;
}

/** What chooses among variants, beside that: an artifact without variants does not carry it. */
export function chooserFiles(): Promise<Texts> {
  chooser ??= readChooser();
  return chooser;
}

/** What runs a model on a GPU: an artifact that was compiled for none does not carry it. */
export function webgpuFiles(): Promise<Texts> {
  webgpu ??= readWebgpu();
  return webgpu;
}

/** Read once in a process. */
let loaded: Promise<Texts> | undefined;
let chooser: Promise<Texts> | undefined;
let webgpu: Promise<Texts> | undefined;

const root = new URL('../../', import.meta.url);
const typesOnly = 'api';

async function readLoader(): Promise<Texts> {
  const { code, isBuilt } = await readModules('runtime/');
  return {
    ...code,
    ...(await readTypes('runtime/', isBuilt)),
    'runtime/index.d.ts': runtimeTypings,
  };
}

async function readChooser(): Promise<Texts> {
  const { code } = await readModules('runtime/choose/');
  return { ...code, 'runtime/choose/index.d.ts': chooserTypings };
}

async function readWebgpu(): Promise<Texts> {
  const { code, isBuilt } = await readModules('runtime/webgpu/');
  return { ...code, ...(await readTypes('runtime/webgpu/', isBuilt)), 'runtime/webgpu/index.d.ts': webgpuTypings };
}

/** The module of a folder that holds nothing but types. */
const readTypes = async (folder: string, isBuilt: boolean): Promise<Texts> => ({
  [`${folder}${typesOnly}.d.ts`]: withBuiltImports(await read(`${folder}${typesOnly}${isBuilt ? '.d.ts' : '.ts'}`)),
});

const withBuiltImports = (source: string): string => source.replaceAll(/(from '\.\.?\/[\w-]+)\.ts'/g, "$1.js'");

/** The modules of a folder, by their paths in an artifact. */
async function readModules(folder: string): Promise<{ readonly code: Texts; readonly isBuilt: boolean }> {
  const names = await readdir(new URL(folder, root));
  const isBuilt = names.includes('index.js');
  const pattern = isBuilt ? /^(.*)\.js$/ : /^(.*)\.ts$/;
  const modules = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).sort();
  const code = modules
    .filter((module) => module !== typesOnly)
    .map(async (module): Promise<readonly [string, string]> => {
      const source = await read(`${folder}${module}${isBuilt ? '.js' : '.ts'}`);
      return [`${folder}${module}.js`, withoutComments(isBuilt ? source : stripTypes(source))];
    });
  return { code: Object.fromEntries(await Promise.all(code)), isBuilt };
}

const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

/** Node warns, once, that the function is experimental: nothing that someone who compiles a model can act on. */
function stripTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return nodeModule.stripTypeScriptTypes(withBuiltImports(source));
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Drops the comments that stand on lines of their own, white space at the ends of lines, and lines without content. */
const withoutComments = (code: string): string =>
  code
    .replaceAll(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*$/gm, '')
    .replaceAll(/^[ \t]*\/\/.*$/gm, '')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/\n{2,}/g, '\n')
    .replace(/^\n/, '');
