import { compile } from '../../compiler/index.ts';
import { MemoryStore } from '../../schedules/database/memory-store.ts';
import { mobilenetV2 } from '../models/mobilenet-v2.ts';
import { randomInputs, referenceOutputs } from '../models/random-models.ts';
import { resnet18, resnet50 } from '../models/resnet.ts';
import {
  type CheckedWorkload,
  compileWith,
  graphOf,
  type RankCounts,
  ranksOf,
  type Tuned,
  timeArtifacts,
  tuneModel,
} from './tuned-model.ts';

/** A model that was never tuned, compiled with what was found for another one, and with its own tuning. */
export interface Transfer {
  readonly id: string;
  /** Tuning of the other model, and of the model itself. */
  readonly other: Tuned;
  readonly own: Tuned;
  readonly ranks: RankCounts;
  readonly defaultMs: number;
  readonly reusedMs: number;
  readonly tunedMs: number;
}

const PAIRS: readonly { readonly id: string; readonly from: () => Uint8Array; readonly to: () => Uint8Array }[] = [
  { id: 'ResNet-18 → ResNet-50', from: () => resnet18(), to: () => resnet50() },
  {
    id: 'MobileNetV2 224 → 160',
    from: () => mobilenetV2({ size: 224 }),
    to: () => mobilenetV2({ size: 160 }),
  },
];

/** Tunes each model for so many seconds, from an empty database. */
export async function measureTransfer(seconds: number): Promise<readonly Transfer[]> {
  const results: Transfer[] = [];
  for (const { id, from, to } of PAIRS) {
    process.stderr.write(`${id}, ${seconds} s each …\n`);
    const workload = await withReference(to());
    const graph = graphOf(workload);
    const [others, owns] = [new MemoryStore(), new MemoryStore()];
    const other = await tuneModel(graphOf({ model: from(), inputs: {} }), others, seconds);
    const own = await tuneModel(graph, owns, seconds);
    const [plain, reused, tuned] = [
      await compile(graph),
      await compileWith(graph, others),
      await compileWith(graph, owns),
    ];
    const artifacts = [plain, reused, tuned].map(({ files }) => files);
    const [defaultMs = Number.NaN, reusedMs = Number.NaN, tunedMs = Number.NaN] = await timeArtifacts(
      artifacts,
      workload,
    );
    results.push({ id, other, own, ranks: ranksOf(reused), defaultMs, reusedMs, tunedMs });
  }
  return results;
}

async function withReference(model: Uint8Array): Promise<CheckedWorkload> {
  const workload = { model, inputs: randomInputs(model) };
  return { ...workload, outputs: await referenceOutputs(workload) };
}
