import { readdir, readFile } from 'node:fs/promises';
import * as nodeModule from 'node:module';
import { runtimeTypings } from './typings.ts';

/**
 * The runtime as an artifact carries it, no byte of which depends on the model: its modules as JavaScript without
 * comments, and its types. The published package holds them built; in a checkout their types are stripped here.
 */
export function loaderFiles(): Promise<Readonly<Record<string, string>>> {
  loaded ??= readLoader();
  return loaded;
}

/** Read once in a process. */
let loaded: ReturnType<typeof readLoader> | undefined;

const folder = new URL('../../runtime/', import.meta.url);
const typesOnly = 'api';

async function readLoader(): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(folder);
  const built = names.includes('index.js');
  const pattern = built ? /^(.*)\.js$/ : /^(.*)\.ts$/;
  const modules = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).sort();
  const code = modules
    .filter((module) => module !== typesOnly)
    .map(async (module): Promise<readonly [string, string]> => {
      const source = await read(built ? `${module}.js` : `${module}.ts`);
      return [`runtime/${module}.js`, withoutComments(built ? source : stripTypes(source))];
    });
  return Object.fromEntries([
    ...(await Promise.all(code)),
    [`runtime/${typesOnly}.d.ts`, await read(built ? `${typesOnly}.d.ts` : `${typesOnly}.ts`)],
    ['runtime/index.d.ts', runtimeTypings],
  ]);
}

const read = (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8');

/** Node warns, once, that the function is experimental: nothing that someone who compiles a model can act on. */
function stripTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return nodeModule.stripTypeScriptTypes(source.replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'"));
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
