import { readdir, readFile } from 'node:fs/promises';
import * as nodeModule from 'node:module';

/**
 * The runtime as an artifact carries it: `runtime/*.js` and `*.d.ts`, no byte of which depends on the model. The
 * published package holds them built; in a checkout their types are stripped here.
 */
export async function loaderFiles(): Promise<Readonly<Record<string, Uint8Array>>> {
  const folder = new URL('../../runtime/', import.meta.url);
  const names = (await readdir(folder)).sort();
  const built = names.includes('index.js');
  const wanted = names.filter((name) => (built ? /\.(js|d\.ts)$/ : /\.ts$/).test(name));
  const entries = await Promise.all(
    wanted.map(async (name) => [`runtime/${name}`, await readFile(new URL(name, folder))] as const),
  );
  return Object.fromEntries(built ? entries : entries.flatMap(([name, source]) => fromSource(name, source)));
}

/** A source file is its own declaration once its imports name the built files. */
function fromSource(name: string, source: Uint8Array): readonly (readonly [string, Uint8Array])[] {
  const text = new TextDecoder().decode(source).replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'");
  const code = nodeModule.stripTypeScriptTypes(text).replaceAll(/[ \t]+$/gm, '');
  const base = name.slice(0, -'.ts'.length);
  const encode = (content: string): Uint8Array => new TextEncoder().encode(content);
  return [[`${base}.js`, encode(code)]];
}
