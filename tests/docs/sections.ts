import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../compiler/cli/program.ts';
import { graphPasses } from '../../compiler/graph-passes/index.ts';
import { onnxOps } from '../../compiler/onnx/op-table.ts';
import { tensorPasses } from '../../compiler/tensor-passes/index.ts';
import type { FusionKind } from '../../ir/graph/op-row.ts';
import { opTable } from '../../ir/graph/op-table.ts';
import { primitives } from '../../schedules/primitives/table.ts';
import { root } from '../house/source-files.ts';
import { conditions, modelRows, otherRows, tuningRows, webgpuRows } from './figures.ts';

/** What stands in the documents between `<!-- generated: NAME -->` and `<!-- end -->`, from the tables of the code. */
export const sections: Readonly<Record<string, () => string>> = {
  commands: () => table(['command', 'what it does'], commands.map(commandRow)),
  'onnx operators': () => `${names(Object.keys(onnxOps))}\n`,
  'graph operators': () => table(['kind', 'operators'], operatorsByKind()),
  'graph passes': () =>
    table(
      ['pass', 'what it does'],
      graphPasses.map(({ name }) => [`\`${name}\``, sentenceOf('compiler/graph-passes', name)]),
    ),
  'tensor passes': () =>
    table(
      ['pass', 'what it does'],
      tensorPasses.map(({ name }) => [`\`${name}\``, sentenceOf('compiler/tensor-passes', name)]),
    ),
  'figures of models': () =>
    `${table(['model', 'ms', 'onnxruntime-web', 'onnxruntime-node', 'two threads'], modelRows())}\n${conditions()}`,
  'other figures': () => table(['what', 'figure'], otherRows()),
  'figures of WebGPU': () => table(['case', 'ms', 'onnxruntime-web', 'naive shader'], webgpuRows()),
  'figures of tuning': () => table(['what', 'figure'], tuningRows()),
  primitives: () =>
    table(
      ['primitive', 'what it does'],
      Object.keys(primitives).map((name) => [`\`${name}\``, sentenceOf('schedules/primitives', name)]),
    ),
};

function commandRow(make: (typeof commands)[number]): readonly string[] {
  const command = make();
  const operands = command.registeredArguments.map((argument) => argument.name());
  const required = command.options.filter((option) => option.mandatory).map((option) => option.flags.split(', ')[0]);
  const shown = [command.name(), ...operands, ...required].join(' ').replace(/-o$/, '-o DIR');
  return [`\`${shown}\``, command.description()];
}

const kinds: readonly FusionKind[] = ['elementwise', 'injective', 'reduction', 'contraction', 'opaque'];

const operatorsByKind = (): readonly (readonly string[])[] =>
  kinds.map((kind) => [
    kind,
    names(
      Object.entries(opTable)
        .filter(([, row]) => row.kind === kind)
        .map(([name]) => name),
    ),
  ]);

const names = (list: readonly string[]): string =>
  list
    .toSorted()
    .map((name) => `\`${name}\``)
    .join(', ');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escapeCell).join(' | ')} |\n`).join('');

const escapeCell = (text: string): string => text.replaceAll('|', '\\|');

/** The first sentence of the comment above the export of a file that is called as the file, which says what it does. */
function sentenceOf(folder: string, name: string): string {
  const exported = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const [file = ''] = [`${folder}/${name}.ts`, `${folder}/${name}/index.ts`].filter((path) =>
    existsSync(join(root, path)),
  );
  const source = readFileSync(join(root, file), 'utf8');
  const before = source.split(new RegExp(`\nexport (?:const|function) ${exported}\\b`))[0] ?? '';
  const comment = before.slice(before.lastIndexOf('/**')).replaceAll(/\n \*\/?|\/\*\*|\*\//g, ' ');
  const sentence = /^(.*?[.:])(?:\s|$)/.exec(comment.replaceAll(/\s+/g, ' ').trim())?.[1];
  if (sentence === undefined) throw new Error(`${file}: ${exported} has no comment that says what it does`);
  return sentence.replace(/[.:]$/, '');
}
