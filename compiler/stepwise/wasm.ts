import type { ArtifactSource } from '../../runtime/api.ts';
import { placeVariant, readManifest } from '../../runtime/load.ts';
import type { Manifest } from '../../runtime/manifest.ts';
import { type BoundStep, bindPlan } from '../../runtime/program.ts';
import { openSource } from '../../runtime/source.ts';

/** An artifact on this thread, in a memory of its own, whose steps can be run one by one. */
export interface WasmSteps {
  readonly manifest: Manifest;
  readonly memory: WebAssembly.Memory;
  /** Whether the kernels are those for engines with relaxed SIMD. */
  readonly isRelaxed: boolean;
  /** In the order of the plan; to be called with `(0, 1)`. */
  readonly steps: readonly BoundStep[];
}

/** Takes the kernels that `load` would take. Throws what it throws. */
export async function openWasmSteps(
  source: ArtifactSource,
  options: { readonly relaxedSimd?: boolean },
): Promise<WasmSteps> {
  const read = openSource(source);
  const manifest = await readManifest(read);
  const { module, memory, features } = await placeVariant(read, manifest, options);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return { manifest, memory, isRelaxed: features.includes('relaxed-simd'), steps: bindPlan(manifest, exports) };
}
