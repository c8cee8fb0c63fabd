import type { Matrix } from './matrix-rows.ts';

/**
 * The matrices of minimal filtering F(m, 3): m results of a filter of 3 taps from m + 2 products,
 *
 *   y = A^T [(G g) ⊙ (B^T d)]    and in two dimensions    Y = A^T [(G g G^T) ⊙ (B^T d B)] A
 *
 * A. Lavin, S. Gray: Fast Algorithms for Convolutional Neural Networks, 2015.
 */
export interface WinogradTransforms {
  /** Results of a tile along an axis, m. */
  readonly results: 2 | 4;
  /** G, (m + 2) × 3. */
  readonly filter: Matrix;
  /** B^T, (m + 2) × (m + 2). */
  readonly input: Matrix;
  /** A^T, m × (m + 2). */
  readonly output: Matrix;
}

/** F(2, 3), from the points 0, 1, -1 and infinity. */
export const winograd2: WinogradTransforms = {
  results: 2,
  filter: [
    [1, 0, 0],
    [1 / 2, 1 / 2, 1 / 2],
    [1 / 2, -1 / 2, 1 / 2],
    [0, 0, 1],
  ],
  input: [
    [1, 0, -1, 0],
    [0, 1, 1, 0],
    [0, -1, 1, 0],
    [0, -1, 0, 1],
  ],
  output: [
    [1, 1, 1, 0],
    [0, 1, -1, 1],
  ],
};

/** F(4, 3), from the points 0, 1, -1, 2, -2 and infinity. */
export const winograd4: WinogradTransforms = {
  results: 4,
  filter: [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ],
  input: [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
  ],
  output: [
    [1, 1, 1, 1, 1, 0],
    [0, 1, -1, 2, -2, 0],
    [0, 1, 1, 4, 4, 0],
    [0, 1, -1, 8, -8, 1],
  ],
};
