import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../house/source-files.ts';

export const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'] as const;

/** With TILEWRIGHT_UPDATE_DOCS=1 the tests write what is generated instead of comparing it. */
export const isUpdating = process.env['TILEWRIGHT_UPDATE_DOCS'] === '1';

/** A fenced block of code. Its info string is a language, words, and `name=value` pairs. */
export interface Block {
  readonly document: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly text: string;
  /** Lines of text. */
  readonly length: number;
}

export const readDocument = (document: string): string => readFileSync(join(root, document), 'utf8');

export function readBlocks(document: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = readDocument(document).split('\n');
  for (let start = 0; start < lines.length; start++) {
    const info = /^```(.*)$/.exec(lines[start] as string)?.[1];
    if (info === undefined) continue;
    const end = lines.indexOf('```', start + 1);
    if (end < 0) throw new Error(`${document}:${start + 1}: the block has no end`);
    const [language = '', ...rest] = info.split(' ');
    const pairs = rest.filter((word) => word.includes('='));
    blocks.push({
      document,
      line: start + 1,
      language,
      words: rest.filter((word) => !word.includes('=')),
      options: Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/).slice(0, 2))),
      text: lines.slice(start + 1, end).join('\n'),
      length: end - start - 1,
    });
    start = end;
  }
  return blocks;
}

export const placeOf = ({ document, line }: Block): string => `${document}:${line}`;

/** Puts new text into blocks of a document. Throws where it has changed since they were read. */
export function rewriteBlocks(document: string, changes: ReadonlyMap<Block, string>): void {
  const lines = readDocument(document).split('\n');
  const fromLast = [...changes].toSorted(([a], [b]) => b.line - a.line);
  for (const [block, text] of fromLast) {
    const removed = lines.splice(block.line, block.length, ...text.split('\n'));
    if (removed.join('\n') !== block.text) throw new Error(`${placeOf(block)} has changed: run again`);
  }
  writeFileSync(join(root, document), lines.join('\n'));
}

const sectionPattern = (name: string): RegExp =>
  new RegExp(`(?<=<!-- generated: ${name} -->\\n)[\\s\\S]*?(?=<!-- end -->)`);

export const readSection = (document: string, name: string): string | undefined =>
  sectionPattern(name).exec(readDocument(document))?.[0];

export function rewriteSection(document: string, name: string, text: string): void {
  writeFileSync(
    join(root, document),
    readDocument(document).replace(sectionPattern(name), () => text),
  );
}

export const sectionNames = (document: string): readonly string[] =>
  [...readDocument(document).matchAll(/<!-- generated: (.*?) -->/g)].map((match) => match[1] as string);
