import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** `target` is the path from the root where the import is `relative`; else a package or module of Node as it is written. */
export interface Import {
  readonly from: string;
  readonly target: string;
  readonly relative: boolean;
  /** What is imported are types alone: nothing of it is left when the program runs. */
  readonly typeOnly: boolean;
  readonly line: number;
  readonly dynamic: boolean;
}

/** Every `.ts` file under the given folders, by its path from the root with forward slashes. */
export function sourceFiles(folders: readonly string[]): readonly string[] {
  return folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .split(sep)
        .join('/'),
    )
    .sort();
}

/** What a file imports or re-exports, types too: a type is as much a dependency as a value. */
export function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const { module } = parseSync(file, text);
  const make = (start: number, specifier: string, kind: Pick<Import, 'typeOnly' | 'dynamic'>): Import => ({
    from: file,
    target: specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier,
    relative: specifier.startsWith('.'),
    line: text.slice(0, start).split('\n').length,
    ...kind,
  });
  const isType = ({ entries }: { readonly entries: readonly { readonly isType: boolean }[] }) =>
    entries.length > 0 && entries.every((entry) => entry.isType);
  return [
    ...module.staticImports.map((found) =>
      make(found.start, found.moduleRequest.value, { typeOnly: isType(found), dynamic: false }),
    ),
    ...module.staticExports.flatMap((found) =>
      found.entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest ? [make(found.start, moduleRequest.value, { typeOnly: isType, dynamic: false })] : [],
      ),
    ),
    ...module.dynamicImports.map(({ start, moduleRequest }) => {
      const specifier = text.slice(moduleRequest.start, moduleRequest.end).replace(/^['"`]|['"`]$/g, '');
      return make(start, specifier, { typeOnly: false, dynamic: true });
    }),
  ];
}

/** The shortest way from a file back to itself for each file on a cycle; a cycle is reported once. */
export function findCycles(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const reported = new Set<string>();
  return [...edges.keys()].flatMap((file) => {
    const cycle = reported.has(file) ? undefined : shortestCycle(file, edges);
    for (const member of cycle ?? []) reported.add(member);
    return cycle === undefined ? [] : [cycle];
  });
}

function shortestCycle(start: string, edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of edges.get(file) ?? []) {
      if (next === start) return [...wayTo(file, start, cameFrom), start];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  }
  return undefined;
}

function wayTo(file: string, start: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const way = [file];
  for (let at = file; at !== start; way.unshift(at)) at = cameFrom.get(at) ?? start;
  return way;
}
