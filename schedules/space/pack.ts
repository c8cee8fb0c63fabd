import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import { type Access, readersOf } from '../analysis/accesses.ts';
import { blockSites } from '../analysis/nests.ts';
import type { Schedule } from '../schedule.ts';
import type { PackedDim } from '../step.ts';

/**
 * The panels of a packed operand: how many neighbours stand in each, how many steps of the innermost loop of the
 * reduction stand together for each of them, and as how many streams it is read.
 */
export interface Panels {
  readonly width: number;
  readonly steps: number;
  readonly streams: number;
}

/**
 * Packs an operand of a reduction into the order in which its kernel reads it: panels of `width` neighbours along
 * the vectorized loop, in them the reduction's loops, the panel's elements innermost, and for each of these `steps` of
 * the innermost loop of the reduction. Group i of these steps is in stream i mod `streams`, and each stream's stand
 * together. Returns whether the operand is an input whose every dimension follows one loop, which is what can be packed
 * so.
 */
export function packOperand(
  schedule: Schedule,
  access: Access,
  order: readonly string[],
  vectorLoop: string,
  panels: Panels,
): boolean {
  const { func } = schedule;
  const layout = packedLayout(func, access, order, vectorLoop, panels);
  if (layout === undefined || readersOf(blockSites(func), access.buffer).length !== 1) return false;
  schedule.apply({ primitive: 'transform-layout', buffer: access.buffer, layout });
  return true;
}

function packedLayout(
  func: TensorFunc,
  access: Access,
  order: readonly string[],
  vectorLoop: string,
  { width, steps, streams }: Panels,
) {
  if (!func.inputs.some((input) => input.name === access.buffer)) return undefined;
  const dims = new Map<string, number>();
  const fixed: number[] = [];
  for (const [dim, index] of access.indices.entries()) {
    if (index.kind === 'const') fixed.push(dim);
    else if (index.kind === 'var' && !dims.has(index.name)) dims.set(index.name, dim);
    else return undefined;
  }
  const vectorDim = dims.get(vectorLoop);
  if (vectorDim === undefined) return undefined;
  const inner = order.flatMap((loop) => (loop === vectorLoop || !dims.has(loop) ? [] : [dims.get(loop) as number]));
  const outer = [...dims].filter(([loop]) => loop !== vectorLoop && !order.includes(loop)).map(([, dim]) => dim);
  const plain = (dim: number): PackedDim => ({ dim });
  const last = inner.at(-1);
  const groups = (dim: number): readonly PackedDim[] => {
    const group = steps === 1 ? { dim } : { dim, div: steps };
    return streams === 1
      ? [group]
      : [
          { ...group, mod: streams },
          { dim, div: steps * streams },
        ];
  };
  return [
    ...fixed.map(plain),
    ...outer.map(plain),
    { dim: vectorDim, div: width },
    ...inner.flatMap((dim) => (dim === last ? groups(dim) : [plain(dim)])),
    { dim: vectorDim, mod: width },
    ...(last === undefined || steps === 1 ? [] : [{ dim: last, mod: steps }]),
  ];
}

/** Packs an operand so that the elements that follow one loop stand side by side. Returns whether it could. */
export function packAlong(schedule: Schedule, access: Access, loop: string): boolean {
  const dims = access.indices.map((_, dim) => dim);
  const last = access.indices.findIndex((index) => index.kind === 'var' && index.name === loop);
  if (last === -1 || readersOf(blockSites(schedule.func), access.buffer).length !== 1) return false;
  const layout = [...dims.filter((dim) => dim !== last), last].map((dim): PackedDim => ({ dim }));
  schedule.apply({ primitive: 'transform-layout', buffer: access.buffer, layout });
  return true;
}
