import { addDims, affineDim, type Dim, divideDim, isStatic, printDim } from '../../dim.ts';
import { UnsupportedError } from '../../errors.ts';
import { check } from './checks.ts';

/**
 * How many windows fit in an axis: floor((size - span) / stride) + 1 with span = (window - 1) · dilation + 1. On a
 * symbolic size it is affine where the stride divides the symbols' coefficients; only binding the symbols helps else.
 */
export function windowCount(size: Dim, window: number, stride: number, dilation: number): Dim {
  const span = (window - 1) * dilation + 1;
  check(
    !isStatic(size) || size >= span || (size === 0 && span === 1),
    () => `a window that spans ${span} elements does not fit in an axis whose size is ${printDim(size)}`,
  );
  if (isStatic(size)) return Math.floor((size - span) / stride) + 1;
  const symbols = divideDim(affineDim(0, size.terms), stride);
  if (symbols === undefined) {
    const count = `(${printDim(addDims(size, -span))})/${stride} rounded down`;
    throw new UnsupportedError([`a symbolic number of windows, ${count}; give its symbols values`]);
  }
  return addDims(symbols, Math.floor((size.constant - span) / stride) + 1);
}
