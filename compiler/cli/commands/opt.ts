import { Command } from 'commander';
import { CompilerError } from '../../../ir/errors.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import { parseGraph, parseTensorFunc } from '../../../ir/text/parse.ts';
import { printGraph } from '../../../ir/text/print-graph.ts';
import { printTensorFunc } from '../../../ir/text/print-tensor.ts';
import { graphPasses } from '../../graph-passes/index.ts';
import { tensorPasses } from '../../tensor-passes/index.ts';
import { readUserFile } from '../model-file.ts';
import { isFunc } from '../program-text.ts';

interface OptArguments {
  readonly passes: readonly string[];
}

interface Pass<T> {
  readonly name: string;
  readonly run: (program: T) => T;
}

export const optCommand = (): Command =>
  new Command('opt')
    .description('apply passes to a program in text form and print the result')
    .argument('<FILE>', 'a file that holds one graph or one func')
    .requiredOption('--passes <NAMES>', 'passes in order, separated by commas', (text) =>
      text.split(',').filter((name) => name !== ''),
    )
    .addHelpText('after', () => `\nPasses on graphs: ${names(graphPasses)}\nPasses on funcs: ${names(tensorPasses)}`)
    .action(async (path: string, { passes }: OptArguments) => {
      process.stdout.write(optimize(new TextDecoder().decode(await readUserFile(path)), path, passes));
    });

const names = (passes: readonly { readonly name: string }[]): string =>
  [...new Set(passes.map((pass) => pass.name))].join(', ');

function optimize(text: string, path: string, passes: readonly string[]): string {
  if (isFunc(text)) {
    const func = parseTensorFunc(text, path);
    verifyFunc(func);
    return printTensorFunc(apply(func, tensorPasses, passes));
  }
  const graph = parseGraph(text, path);
  verifyGraph(graph);
  return printGraph(apply(graph, graphPasses, passes));
}

function apply<T>(program: T, table: readonly Pass<T>[], wanted: readonly string[]): T {
  return wanted.reduce((current, name) => {
    const pass = table.find((candidate) => candidate.name === name);
    if (pass === undefined) throw new CompilerError(`no pass is called ${name}; there are: ${names(table)}`);
    return pass.run(current);
  }, program);
}
