import { createHash } from 'node:crypto';
import { canonicalize } from '../../ir/tensor/canonical.ts';
import { printTensorFunc } from '../../ir/text/print-tensor.ts';
import type { WorkloadRow } from '../../schedules/database/record.ts';
import { type KernelSource, plainDefinition } from '../kernels.ts';
import { operatorFamily } from './operator-family.ts';

/** The row of a workload in a tuning database: workloads that differ in names only have the same. */
export function workloadRow(source: KernelSource): WorkloadRow {
  const text = workloadText(source);
  const hash = createHash('sha256').update(text).digest('hex');
  return { hash, text, ...operatorFamily(source.node) };
}

/**
 * All that schedules depend on: the plain definition with canonical names, the inputs that are constants, the definitions
 * that memory allows where there are several, the axis.
 */
function workloadText({ workload, context: { constants, parallel = 'auto' } }: KernelSource): string {
  const func = plainDefinition(workload);
  const canonical = canonicalize(func);
  const fixed = canonical.inputs.filter((_, i) => constants.has(func.inputs[i]?.name ?? ''));
  return [
    printTensorFunc(canonical).trimEnd(),
    ...(fixed.length === 0 ? [] : [`constants ${fixed.map(({ name }) => `%${name}`).join(' ')}`]),
    ...(workload.definitions.length === 1
      ? []
      : [`definitions ${workload.definitions.map(({ name }) => name).join(' ')}`]),
    ...(parallel === 'auto' ? [] : [`parallel ${parallel}`]),
    '',
  ].join('\n');
}
