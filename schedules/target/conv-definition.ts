import { fastestCycles } from './contraction-tile.ts';
import type { Target } from './target.ts';

/** The sizes of a convolution with channels last, over all images. */
export interface ConvSizes {
  /** Lines of the result, and places in each. */
  readonly lines: number;
  /** Lines of one image. */
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** Rows of a tile that are no neighbours need a pointer each, which is set anew for every place of the window. */
const pointerCycles = 4;

/**
 * Whether a register tile should go over all places, so that no line ends in a lower one (implicit GEMM), or stay in a
 * line, where its rows share a pointer. Counts the cycles for one place of the window.
 */
export function prefersImplicitGemm({ lines, width, inputs, outputs }: ConvSizes, target: Target): boolean {
  const direct = lines * inputs * fastestCycles(width, outputs, target);
  const rows = lines * width;
  const pointers = rows * Math.ceil(outputs / 8) * pointerCycles;
  return inputs * fastestCycles(rows, outputs, target) + pointers < direct;
}
