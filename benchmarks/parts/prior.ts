import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importOnnx, openStore } from '../../compiler/index.ts';
import { nodeProfile } from '../../compiler/tune/device.ts';
import { featureNames } from '../../compiler/tune/features.ts';
import { workerMeasurer } from '../../compiler/tune/measure/workers.ts';
import { trainPrior } from '../../schedules/cost-model/prior.ts';
import { costOf } from '../cost.ts';
import { KERNEL_CASES } from '../kernels/cases.ts';
import type { Report } from '../report/results.ts';
import { drawLayers, kernelLayer, type Layer } from '../tuning/layers.ts';
import { rankHeldOut } from '../tuning/ranking-quality.ts';
import { rankingReport } from '../tuning/ranking-report.ts';
import { collectRecords, measuredTasks, tasksOfLayers } from '../tuning/records.ts';

export interface PriorOptions {
  /** How long to measure; 0 to train on the records that are there. */
  readonly minutes: number;
  /** The database of the records. A task that has some there is not measured again. */
  readonly db?: string;
}

/** Of each task. */
const TRIALS = 48;
const MOST_FLOPS = 3e8;

const prior = new URL('../../schedules/cost-model/prior.json', import.meta.url);

/** Measures random schedules of layers, says how well a cost model ranks them, and trains the one that is shipped. */
export async function trainOnLayers({ minutes, db }: PriorOptions): Promise<Report> {
  const store = await openStore(db ?? join(tmpdir(), 'tilewright-prior.db'));
  const measurer = workerMeasurer(nodeProfile());
  try {
    const end = performance.now() + minutes * 60_000;
    const groups = [benchmarkLayers(), drawLayers(1)].map((layers) => tasksOfLayers(layers, measurer));
    for (const tasks of groups)
      await collectRecords(tasks, { store, measurer, trials: TRIALS, ms: end - performance.now() });
    const measured = await measuredTasks(groups.flat(), store);
    const trained = trainPrior(
      measured.map((task) => task.measured),
      featureNames,
    );
    await writeFile(prior, `${JSON.stringify(trained)}\n`);
    console.log(`schedules/cost-model/prior.json: ${JSON.stringify(trained.trainedOn)}, records in ${store.place}`);
    return await rankingReport(rankHeldOut(measured));
  } finally {
    await measurer.close();
    await store.close();
  }
}

/** Those of the benchmark of kernels, but for the largest. Others of their kinds are measured as time allows. */
const benchmarkLayers = (): readonly Layer[] =>
  KERNEL_CASES.map(({ id, kernel }) => kernelLayer(id, kernel)).filter(
    ({ model }) => costOf(importOnnx(model())).flops < MOST_FLOPS,
  );
