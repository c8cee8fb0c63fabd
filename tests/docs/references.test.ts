import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compile, importOnnx } from '../../compiler/index.ts';
import { smallModel } from '../house/small-model.ts';
import { root } from '../house/source-files.ts';
import { documents, placeOf, readBlocks, readDocument } from './markdown.ts';

const text = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What a document says outside of its blocks of code. */
const prose = (document: string): string => readDocument(document).replaceAll(/^```[\s\S]*?^```$/gm, '');

const folders = 'ir|schedules|compiler|runtime|tests|benchmarks|examples|scripts|\\.ci';
const path = new RegExp(`\`((?:${folders})/[^\`\\s…]*)\``, 'g');

describe.each(documents)('%s', (document) => {
  test('names files and folders that exist', () => {
    const named = [...prose(document).matchAll(path)].map((match) => match[1] as string);
    const missing = named.filter((name) => !existsSync(join(root, name)));
    // The artifact has a folder `runtime` of its own.
    expect(missing.filter((name) => !/^runtime\/[\w-]+(\.js|\.d\.ts)$/.test(name))).toEqual([]);
  });

  test('links to files that exist', () => {
    const links = [...prose(document).matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] as string);
    const local = links.filter((link) => !link.startsWith('https:')).map((link) => link.replace(/#.*/, ''));
    expect(local.filter((link) => !existsSync(join(root, dirname(document), link)))).toEqual([]);
  });

  test('quotes the source as it is', () => {
    const quoted = readBlocks(document).filter((block) => block.options['from'] !== undefined);
    const changed = quoted.filter((block) => !text(block.options['from'] as string).includes(block.text));
    expect(changed.map(placeOf)).toEqual([]);
  });
});

describe('README.md', () => {
  test('lists the files of an artifact', async () => {
    const [, section = ''] = readDocument('README.md').split('## The files\n');
    const rows = section.split('\n##')[0]?.split('\n') ?? [];
    const listed = rows.flatMap((row) => [...(/^\| (`[^|]*) \|/.exec(row)?.[1] ?? '').matchAll(/`([^`]+)`/g)]);
    const { files } = await compile(importOnnx(smallModel()));
    expect(listed.map((match) => match[1] as string).sort()).toEqual(Object.keys(files).sort());
  });

  test("says how many of ONNX's tests pass, as the test that holds it does", () => {
    const held = /leastPasses = (\d+)/.exec(text('tests/compiler/conformance.test.ts'))?.[1];
    expect(/(\d+) of the 870 that onnxruntime passes pass/.exec(readDocument('README.md'))?.[1]).toBe(held);
  });

  test('says which opsets the importer takes, and which Node the package needs', () => {
    const opsets = text('compiler/onnx/opsets.ts');
    const bound = (name: string) => new RegExp(`${name} = (\\d+)`).exec(opsets)?.[1];
    expect(readDocument('README.md')).toContain(`opsets ${bound('oldestOpset')} to ${bound('newestOpset')}`);
    const { engines } = JSON.parse(text('package.json')) as { readonly engines: { readonly node: string } };
    expect(readDocument('README.md')).toContain(`Node ${engines.node.replace('>=', '')} or newer`);
  });
});
