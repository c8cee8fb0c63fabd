import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { version } from '../../compiler/index.ts';
import { markdownTable, printTable, type Table } from './table.ts';

export interface Report {
  /** Names the files. */
  readonly name: string;
  readonly title: string;
  /** How it was measured, in sentences. */
  readonly method: readonly string[];
  readonly tables: readonly Table[];
  /** Files of pictures, with what they hold. */
  readonly charts: Readonly<Record<string, string>>;
  /** All that was measured, for programs. */
  readonly data: unknown;
}

const folder = new URL('../results/', import.meta.url);

export function printReport({ tables }: Report): void {
  for (const table of tables) console.log(`${printTable(table)}\n`);
}

/** Writes NAME.json, NAME.md and the charts to results/, under names that stay: a later run shows as a difference. */
export async function writeReport(report: Report): Promise<void> {
  const { name, title, method, tables, charts, data } = report;
  const conditions = describeConditions();
  await mkdir(folder, { recursive: true });
  const facts = Object.entries(conditions).map(([what, text]) => `- ${what}: ${text}`);
  const pictures = Object.keys(charts).map((file) => `![${file.replace('.svg', '')}](${file})`);
  const page = [
    `# ${title}`,
    facts.join('\n'),
    ...tables.map(markdownTable),
    ...pictures,
    '## Method',
    method.map((sentence) => `- ${sentence}`).join('\n'),
  ];
  await writeFile(new URL(`${name}.md`, folder), `${page.join('\n\n')}\n`);
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify({ conditions, data }, undefined, 1)}\n`);
  for (const [file, svg] of Object.entries(charts)) await writeFile(new URL(file, folder), `${svg}\n`);
  console.log(`written to benchmarks/results/: ${[`${name}.md`, `${name}.json`, ...Object.keys(charts)].join(', ')}`);
}

function describeConditions(): Readonly<Record<string, string>> {
  const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const peers = Object.entries(dependencies).filter(([name]) => /onnxruntime|tensorflow/.test(name));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores`,
    system: `${process.platform} ${process.arch}, Node ${process.versions.node}, V8 ${process.versions.v8}`,
    versions: [`tilewright ${version}`, ...peers.map(([name, number]) => `${name} ${number}`)].join(', '),
  };
}
