import { fastestCycles } from './contraction-tile.ts';
import type { ConvSizes } from './conv-definition.ts';
import type { Target } from './target.ts';

/** What a definition of a convolution costs: time, and bytes of memory for its weights as its kernel reads them. */
export interface ConvCost {
  readonly cycles: number;
  readonly bytes: number;
}

/** Vector instructions for a tile and a vector of channels, memory included. */
interface Transforms {
  readonly input: number;
  readonly output: number;
}

const transforms: Readonly<Record<2 | 4, Transforms>> = {
  2: { input: 64, output: 44 },
  4: { input: 300, output: 182 },
};

/** Weights from beyond a core's own caches cost a cycle for so many bytes, beside what is computed while they come. */
const bytesPerCycle = 12;

/** A convolution of 3 × 3 as a sum of products over all places. */
export function directCost({ lines, width, inputs, outputs }: ConvSizes, target: Target): ConvCost {
  const bytes = 4 * 9 * inputs * outputs;
  const cycles = 9 * inputs * fastestCycles(lines * width, outputs, target);
  return { cycles: cycles + loadCycles(bytes, target), bytes };
}

/** The same by Winograd's minimal filtering, with `size` results of a tile along an axis. */
export function winogradCost(
  { lines, height, width, inputs, outputs }: ConvSizes,
  size: 2 | 4,
  target: Target,
): ConvCost {
  const tiles = (lines / height) * Math.ceil(height / size) * Math.ceil(width / size);
  const points = (size + 2) ** 2;
  const bytes = 4 * points * inputs * outputs;
  const products = points * inputs * fastestCycles(tiles, outputs, target);
  const { input, output } = transforms[size];
  const transformed = (tiles * (input * Math.ceil(inputs / 4) + output * Math.ceil(outputs / 4))) / 2;
  return { cycles: products + transformed + loadCycles(bytes, target), bytes };
}

const loadCycles = (bytes: number, { cacheBytes }: Target): number => (bytes > cacheBytes ? bytes / bytesPerCycle : 0);
