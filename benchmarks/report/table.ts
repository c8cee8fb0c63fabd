import CliTable from 'cli-table3';

/** Rows of cells; the first column is text, the others are numbers. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function printTable({ title, head, rows }: Table): string {
  const style = { head: [], border: [], compact: true };
  const colAligns = head.map((_, index) => (index === 0 ? ('left' as const) : ('right' as const)));
  const table = new CliTable({ head: [...head], colAligns, style });
  for (const row of rows) table.push([...row]);
  return `${title}\n${table.toString()}`;
}

export function markdownTable({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [`## ${title}`, '', ...[head, rule, ...rows].map(line)].join('\n');
}
