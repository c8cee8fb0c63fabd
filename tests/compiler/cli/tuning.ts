import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../schedules/database/open-store.ts';
import type { TuningRecord, WorkloadRow } from '../../../schedules/database/record.ts';

const dense = `graph @dense(%x: f32[24, 40]) -> ("y" = %y) {
  %w: f32[40, 32] = iota() {shape = [40, 32], axis = 0, dtype = "f32"}
  %product: f32[24, 32] = matmul(%x, %w) {transA = false, transB = false}
  %y: f32[24, 32] = tanh(%product)
}
`;

/** A folder with a small model, `dense.tir`, which is gone when `remove` was called. */
export async function tuningFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'tilewright-tune-'));
  await writeFile(join(folder, 'dense.tir'), dense);
  return { at: (name: string) => join(folder, name), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** What a database holds. */
export async function recordsIn(
  file: string,
): Promise<readonly { readonly workload: WorkloadRow; readonly record: TuningRecord }[]> {
  const store = await openStore(file, { mustExist: true });
  const found: { readonly workload: WorkloadRow; readonly record: TuningRecord }[] = [];
  for await (const { workload, records } of store.entries())
    for (const record of records) found.push({ workload, record });
  await store.close();
  return found;
}
