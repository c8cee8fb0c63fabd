import { type Compilation, compile, importOnnx, type TuningStore } from '../../compiler/index.ts';
import { nodeProfile } from '../../compiler/tune/device.ts';
import { workerMeasurer } from '../../compiler/tune/measure/workers.ts';
import { tune, tuningTasks } from '../../compiler/tune/tune.ts';
import type { Graph } from '../../ir/graph/graph.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';
import { checkSession } from '../check.ts';
import type { Output, Session, Workload } from '../engines/engine.ts';
import { openArtifact } from '../engines/tilewright.ts';
import { measureInTurns, quantile } from '../measure.ts';

/** A model with inputs and the outputs that they have to give. */
export type CheckedWorkload = Workload & { readonly outputs: readonly Output[] };

export function graphOf({ model, inputs }: Workload): Graph {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  return importOnnx(model, { shapes });
}

/** What tuning has done in its time. */
export interface Tuned {
  readonly seconds: number;
  readonly candidates: number;
}

/** Tunes as `tilewright tune --time` does. */
export async function tuneModel(graph: Graph, store: TuningStore, seconds: number, seed = 1): Promise<Tuned> {
  const measurer = workerMeasurer(nodeProfile());
  const start = performance.now();
  let candidates = 0;
  try {
    const tasks = tuningTasks(graph, { measurer });
    for await (const event of tune(tasks, { store, measurer, budget: { ms: seconds * 1000 }, seed }))
      if (event.kind === 'outcome') candidates++;
  } finally {
    await measurer.close();
  }
  return { seconds: (performance.now() - start) / 1000, candidates };
}

/** How many kernels have their schedule from answers of which rank. */
export type RankCounts = Readonly<Record<number, number>>;

export const ranksOf = ({ reused = [] }: Compilation): RankCounts =>
  Object.fromEntries(
    [...Map.groupBy(reused, ({ answer }) => answer.rank)]
      .toSorted(([a], [b]) => a - b)
      .map(([rank, kernels]) => [rank, kernels.length]),
  );

export const printRanks = (ranks: RankCounts): string =>
  Object.entries(ranks)
    .map(([rank, kernels]) => `${kernels} of rank ${rank}`)
    .join(', ');

export const compileWith = (graph: Graph, store: TuningStore): Promise<Compilation> =>
  compile(graph, { reuse: { store } });

const REPEATS = 3;

/**
 * Milliseconds of a run of each of these artifacts of one model, one thread, in turns; the median of several times
 * that all were timed. Answers are checked before.
 */
export async function timeArtifacts(
  artifacts: readonly ArtifactFiles[],
  { inputs, outputs }: CheckedWorkload,
): Promise<readonly number[]> {
  const sessions: Session[] = [];
  try {
    for (const files of artifacts) sessions.push(await openArtifact(files, inputs));
    for (const session of sessions) await checkSession(session, outputs);
    const times: (readonly number[])[] = [];
    for (let i = 0; i < REPEATS; i++) times.push((await measureInTurns(sessions)).map(({ medianMs }) => medianMs));
    return sessions.map((_, i) =>
      quantile(
        times.map((each) => each[i] ?? Number.NaN),
        0.5,
      ),
    );
  } finally {
    for (const session of sessions) await session.dispose();
  }
}
