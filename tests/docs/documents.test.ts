import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { verifyGraph } from '../../ir/graph/verify.ts';
import { verifyFunc } from '../../ir/tensor/verify.ts';
import { parseGraph, parseTensorFunc } from '../../ir/text/parse.ts';
import {
  type Block,
  documents,
  isUpdating,
  placeOf,
  readBlocks,
  readSection,
  rewriteBlocks,
  rewriteSection,
  sectionNames,
} from './markdown.ts';
import { shorten, takePart } from './output.ts';
import { sections } from './sections.ts';
import { checkTypes, makeWorkspace, removeWorkspace, runModule, runShell } from './workspace.ts';

const minute = 60_000;

/** What is done with a block. An info string that means none of these is a mistake: no example is passed over. */
type Role = 'command' | 'module' | 'program' | 'output' | 'file' | 'excerpt' | 'no-run';

function roleOf({ language, words, options }: Block): Role | undefined {
  const [word] = words;
  if (words.length > 1) return undefined;
  if (word === 'output') return 'output';
  if (word === 'no-run') return 'no-run';
  if (word !== undefined) return undefined;
  if (options['from'] !== undefined) return 'excerpt';
  if (language === 'sh') return 'command';
  if (language === 'ts') return 'module';
  if (language === 'tir') return 'program';
  return options['file'] === undefined ? undefined : 'file';
}

const moduleName = (block: Block): string => `${placeOf(block).replaceAll(/\W+/g, '-')}.ts`;

/** What runs, runs in the order of the document and in one folder: an example may use what an earlier one made. */
describe.each(documents.map((document) => ({ document, blocks: readBlocks(document) })))(
  'the examples of $document',
  ({ document, blocks }) => {
    let folder = '';
    let printed = '';
    const updates = new Map<Block, string>();

    beforeAll(async () => {
      folder = await makeWorkspace();
    });
    afterAll(async () => {
      await removeWorkspace(folder);
      if (!isUpdating) return;
      rewriteBlocks(document, updates);
      for (const name of sectionNames(document)) rewriteSection(document, name, sections[name]?.() ?? '');
    });

    test('say what they are', () => {
      expect(blocks.filter((block) => roleOf(block) === undefined).map(placeOf)).toEqual([]);
    });

    const inOrder = blocks.filter((block) => roleOf(block) !== 'no-run' && roleOf(block) !== 'excerpt');
    test.each(inOrder.map((block) => ({ block, name: `${placeOf(block)} ${block.language}` })))(
      '$name',
      { timeout: 5 * minute },
      async ({ block }) => {
        const name = block.options['file'];
        if (name !== undefined) await writeFile(join(folder, name), `${block.text}\n`);
        switch (roleOf(block)) {
          case 'command':
            printed = await runShell(folder, block.text);
            break;
          case 'module':
            printed = await runModule(folder, moduleName(block), block.text);
            break;
          case 'program':
            readProgram(block);
            break;
          case 'output': {
            const wanted = shorten(takePart(printed, block.options['part']));
            if (isUpdating) updates.set(block, wanted);
            else expect(block.text).toBe(wanted);
            break;
          }
          default:
        }
      },
    );
  },
);

const typed = documents
  .map((document) => ({ document, modules: readBlocks(document).filter((block) => roleOf(block) === 'module') }))
  .filter(({ modules }) => modules.length > 0);

test.each(typed)(
  'the modules of $document are right for strict TypeScript',
  { timeout: minute },
  async ({ modules }) => {
    const folder = await makeWorkspace();
    onTestFinished(() => removeWorkspace(folder));
    for (const block of modules) await writeFile(join(folder, moduleName(block)), block.text);
    expect(await checkTypes(folder, modules.map(moduleName))).toBe('');
  },
);

describe.skipIf(isUpdating)('what the code says of itself', () => {
  const uses = documents.flatMap((document) => sectionNames(document).map((name) => ({ document, name })));

  test.each(uses)('$name in $document', ({ document, name }) => {
    expect(readSection(document, name)).toBe(sections[name]?.());
  });

  test('stands somewhere, all of it', () => {
    expect(uses.map(({ name }) => name).sort()).toEqual(Object.keys(sections).sort());
  });
});

function readProgram(block: Block): void {
  if (/^func\b/m.test(block.text)) verifyFunc(parseTensorFunc(block.text, placeOf(block)));
  else verifyGraph(parseGraph(block.text, placeOf(block)));
}
