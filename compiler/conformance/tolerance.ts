import type { Tolerance } from '../io/compare.ts';

/** The tolerance of ONNX's own runner of its backend tests. */
export const defaultTolerance: Tolerance = { rtol: 1e-3, atol: 1e-7 };

/** Functions of a GPU's driver are as precise as WGSL asks, and what it leaves open is much. */
export const webgpuTolerance: Tolerance = { rtol: 1e-2, atol: 1e-3 };

/** Models for which that runner allows more, in the `data.json` beside them, by the names of their tests. */
const ofModels: Readonly<Record<string, Tolerance>> = { 'light/light_densenet121': { rtol: 2e-3, atol: 1e-7 } };

export function toleranceOf(test: string, wanted: Tolerance): Tolerance {
  const { rtol, atol } = ofModels[test] ?? wanted;
  return { rtol: Math.max(rtol, wanted.rtol), atol: Math.max(atol, wanted.atol) };
}
