import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, openStore, type TuningStore } from '../../compiler/index.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import { quantile } from '../measure.ts';
import { chooseModels } from '../parts/models.ts';
import { compileWith, graphOf, type RankCounts, ranksOf, tuneModel } from './tuned-model.ts';

/** How long it takes to compile a model with a database that it was tuned into, and without one. */
export interface Builds {
  readonly id: string;
  readonly ranks: RankCounts;
  readonly plainMs: number;
  readonly withDatabaseMs: number;
}

const REPEATS = 7;

/** Compiles in turns, one first build of each apart; databases are SQLite files. */
export async function timeBuilds(seconds: number): Promise<readonly Builds[]> {
  const results: Builds[] = [];
  for (const { id, load } of await chooseModels(['mobilenet_v2', 'squeezenet_fp32', 'resnet18'])) {
    const graph = graphOf(await load());
    const folder = await mkdtemp(join(tmpdir(), 'tilewright-bench-'));
    process.stderr.write(`${id}, ${seconds} s …\n`);
    try {
      const file = join(folder, 'tuning.db');
      await withDatabase(file, (store) => tuneModel(graph, store, seconds));
      const ranks = await withDatabase(file, async (store) => ranksOf(await compileWith(graph, store)));
      results.push({ id, ranks, ...(await inTurns(graph, file)) });
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return results;
}

async function inTurns(graph: Graph, file: string): Promise<Pick<Builds, 'plainMs' | 'withDatabaseMs'>> {
  const plain: number[] = [];
  const reusing: number[] = [];
  await compile(graph);
  for (let i = 0; i < REPEATS; i++) {
    plain.push(await timeOf(() => compile(graph)));
    reusing.push(await timeOf(() => withDatabase(file, (store) => compileWith(graph, store))));
  }
  return { plainMs: quantile(plain, 0.5), withDatabaseMs: quantile(reusing, 0.5) };
}

async function withDatabase<T>(file: string, work: (store: TuningStore) => Promise<T>): Promise<T> {
  const store = await openStore(file);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
