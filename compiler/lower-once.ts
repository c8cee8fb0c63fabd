import { recentMap } from '../ir/recent-map.ts';
import type { TensorFunc } from '../ir/tensor/tensor-func.ts';
import { printTensorFunc } from '../ir/text/print-tensor.ts';
import { lowerSchedule } from './tensor-passes/index.ts';

/** So many phases, at least, are remembered in flat form, which takes some hundred kilobytes of each. */
const REMEMBERED = 256;
/** By the text before. */
const lowered = recentMap<string, TensorFunc>(REMEMBERED);

/**
 * The flat form of a phase, as by `lowerSchedule`. Kernels for two targets, and candidates of a search, often differ in
 * some of their phases only; to print a phase takes a hundredth of the time that lowering it does.
 */
export function lowerOnce(phase: TensorFunc): TensorFunc {
  const text = printTensorFunc(phase);
  const known = lowered.get(text) ?? lowerSchedule(phase);
  lowered.set(text, known);
  return known;
}
