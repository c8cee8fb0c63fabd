import { writeSync } from 'node:fs';
import { nodeProfile } from '../../../compiler/tune/device.ts';
import { workerMeasurer } from '../../../compiler/tune/measure/workers.ts';
import { tune, tuningTasks } from '../../../compiler/tune/tune.ts';
import { openStore } from '../../../schedules/database/open-store.ts';
import { denseLayer } from './graphs.ts';

/** Tunes a small model as the command does, until it is killed, and prints what it is told of each candidate that ran. */
const [place = '', seed = ''] = process.argv.slice(2);
const store = await openStore(place);
const measurer = workerMeasurer(nodeProfile());
const tasks = tuningTasks(denseLayer([24, 40, 32]), { measurer });
for await (const event of tune(tasks, { store, measurer, budget: {}, seed: Number(seed), strategy: 'random' }))
  if (event.kind === 'outcome' && event.outcome.kind === 'time')
    writeSync(1, `${JSON.stringify([event.candidate.trace, event.outcome.ms, event.outcome.samples])}\n`);
await measurer.close();
await store.close();
