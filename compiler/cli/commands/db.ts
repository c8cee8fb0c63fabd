import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { CompilerError } from '../../../ir/errors.ts';
import { importLines, printLines } from '../../../schedules/database/json-lines.ts';
import { merge } from '../../../schedules/database/merge.ts';
import type { WorkloadRow } from '../../../schedules/database/record.ts';
import type { Added, TuningStore } from '../../../schedules/database/store.ts';
import { printEntries, printEntry, printStats } from '../database-tables.ts';
import { interruptible } from '../interrupt.ts';
import { dbOption, parseCount } from '../options.ts';
import { withStore } from '../with-store.ts';
import { writeWhole } from '../write-whole.ts';

interface DbArguments {
  readonly db: string;
}

export const dbCommand = (): Command =>
  new Command('db')
    .description('look into a tuning database, and take records from one to another')
    .addCommand(
      on('ls', 'list the workloads, with the fastest record of each on each kind of device').action(
        (options: DbArguments) => inStore(options, async (store) => print(await printEntries(store.entries()))),
      ),
    )
    .addCommand(
      on('show', 'print a workload, its records, and the schedule of the fastest')
        .argument('<HASH>', 'the hash of the workload, or the start of it')
        .action((hash: string, options: DbArguments) => inStore(options, (store) => show(store, hash))),
    )
    .addCommand(
      on('stats', 'count workloads and records, by family of operators, target, device and engine').action(
        (options: DbArguments) => inStore(options, async (store) => print(printStats(await store.stats()))),
      ),
    )
    .addCommand(
      on('export', 'write all of it as JSON Lines, sorted: the same content gives the same bytes')
        .argument('<FILE>', 'the .jsonl file to write; one that is there is replaced')
        .action((file: string, options: DbArguments) => inStore(options, (store) => exportTo(store, file))),
    )
    .addCommand(
      on('import', 'add what an exported file holds, as far as it is not there yet')
        .argument('<FILE>', 'a .jsonl file')
        .action((file: string, options: DbArguments) => intoStore(options, (store) => importFrom(store, file))),
    )
    .addCommand(
      on('merge', 'add what another database holds, as far as it is not there yet')
        .argument('<OTHER>', 'the other database: a file or postgres://…')
        .action((other: string, options: DbArguments) => intoStore(options, (store) => mergeFrom(store, other))),
    )
    .addCommand(
      on('prune', 'keep the best records of each workload, target, cache mode, kind of device and engine')
        .addOption(new Option('--keep <K>', 'how many of each').argParser(parseCount).default(5))
        .action((options: DbArguments & { readonly keep: number }) =>
          inStore(options, (store) => prune(store, options.keep)),
        ),
    );

const on = (name: string, description: string): Command =>
  new Command(name).description(description).addOption(dbOption().makeOptionMandatory());

/** Works on a database that is there. */
const inStore = (options: DbArguments, work: (store: TuningStore) => Promise<void>): Promise<void> =>
  withStore(options.db, true, work);

/** Works on a database that may be made for it. */
const intoStore = (options: DbArguments, work: (store: TuningStore) => Promise<void>): Promise<void> =>
  withStore(options.db, false, work);

const print = (text: string): void => {
  process.stdout.write(text);
};

async function show(store: TuningStore, prefix: string): Promise<void> {
  const workload = oneOf(await store.findWorkloads(prefix), prefix, store.place);
  print(printEntry({ workload, records: await store.recordsOf(workload.hash) }));
}

function oneOf(found: readonly WorkloadRow[], prefix: string, place: string): WorkloadRow {
  const [workload, ...others] = found;
  if (workload === undefined) throw new CompilerError(`${place} has no workload whose hash starts with ${prefix}`);
  if (others.length > 0)
    throw new CompilerError(
      `the hashes of ${found.length} workloads start with ${prefix}: ${found.map(({ hash }) => hash).join(', ')}`,
    );
  return workload;
}

async function exportTo(store: TuningStore, file: string): Promise<void> {
  let lines = 0;
  async function* text(): AsyncGenerator<string> {
    for await (const line of printLines(store)) {
      lines++;
      yield `${line}\n`;
    }
  }
  await writeWhole(file, (unfinished) =>
    interruptible((signal) => pipeline(Readable.from(text()), createWriteStream(unfinished), { signal })),
  );
  print(`${file}: ${lines} lines of ${store.place}\n`);
}

async function importFrom(store: TuningStore, file: string): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    const handle = await open(file).catch((error: unknown) => {
      throw new CompilerError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
    });
    yield* handle.readLines();
  }
  print(said(await importLines(store, file, lines), file, store.place));
}

const mergeFrom = (store: TuningStore, place: string): Promise<void> =>
  withStore(place, true, async (other) => print(said(await merge(store, other), other.place, store.place)));

const said = ({ workloads, records }: Added, from: string, to: string): string =>
  `${records} records and ${workloads} workloads of ${from} were new to ${to}\n`;

async function prune(store: TuningStore, keep: number): Promise<void> {
  const removed = await store.prune(keep);
  print(`${removed} records removed from ${store.place}: the best ${keep} of each kind are left\n`);
}
