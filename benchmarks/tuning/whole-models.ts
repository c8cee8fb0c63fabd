import { compile } from '../../compiler/index.ts';
import { MemoryStore } from '../../schedules/database/memory-store.ts';
import { chooseModels } from '../parts/models.ts';
import { compileWith, graphOf, type RankCounts, ranksOf, type Tuned, timeArtifacts, tuneModel } from './tuned-model.ts';

/** A model by its default schedules, and by those that were found in a short and in a long run. */
export interface TunedModel {
  readonly id: string;
  readonly short: Tuned;
  readonly ranks: RankCounts;
  readonly defaultMs: number;
  readonly shortMs: number;
  readonly long?: Tuned & {
    readonly ms: number;
    /** Of the same turns. */
    readonly shortMs: number;
    readonly defaultMs: number;
  };
}

const MODELS = ['mobilenet_v2', 'squeezenet_fp32'];

/** Tunes whole models for some seconds and, where it is asked for, for many minutes, from an empty database each. */
export async function tuneWholeModels(seconds: number, minutes: number): Promise<readonly TunedModel[]> {
  const results: TunedModel[] = [];
  for (const { id, load } of await chooseModels(MODELS)) {
    const workload = await load();
    const graph = graphOf(workload);
    const plain = (await compile(graph)).files;
    process.stderr.write(`${id}, ${seconds} s …\n`);
    const store = new MemoryStore();
    const short = await tuneModel(graph, store, seconds);
    const tuned = await compileWith(graph, store);
    const [defaultMs = Number.NaN, shortMs = Number.NaN] = await timeArtifacts([plain, tuned.files], workload);
    const result = { id, short, ranks: ranksOf(tuned), defaultMs, shortMs };
    if (minutes === 0) {
      results.push(result);
      continue;
    }
    process.stderr.write(`${id}, ${minutes} min …\n`);
    const more = new MemoryStore();
    const long = await tuneModel(graph, more, minutes * 60, 2);
    const best = await compileWith(graph, more);
    const times = await timeArtifacts([plain, tuned.files, best.files], workload);
    const [byDefault = Number.NaN, byShort = Number.NaN, ms = Number.NaN] = times;
    results.push({ ...result, long: { ...long, ms, shortMs: byShort, defaultMs: byDefault } });
  }
  return results;
}
