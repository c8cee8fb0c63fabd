import { createHash } from 'node:crypto';
import type { ArtifactFiles } from '../../compiler/index.ts';
import type { Manifest } from '../../runtime/manifest.ts';

const hash = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** An artifact with some of its files, and what its manifest says, replaced; all hashes are right. */
export function rewritten(
  files: ArtifactFiles,
  replaced: ArtifactFiles,
  change: (manifest: Manifest) => Manifest = (manifest) => manifest,
): ArtifactFiles {
  const parsed: Manifest = JSON.parse(new TextDecoder().decode(files['manifest.json']));
  const { sha256: _, ...changed } = change(parsed);
  const entries = Object.entries(replaced).map(([name, bytes]) => [name, { bytes: bytes.length, sha256: hash(bytes) }]);
  const content = { ...changed, files: { ...changed.files, ...Object.fromEntries(entries) } };
  const manifest = { ...content, sha256: hash(JSON.stringify(content)) };
  return { ...files, ...replaced, 'manifest.json': new TextEncoder().encode(JSON.stringify(manifest)) };
}

/** The artifact with kernels that all have enough work for threads to share them. */
export const withMuchWork = (files: ArtifactFiles): ArtifactFiles =>
  rewritten(files, {}, (manifest) => ({
    ...manifest,
    plan: manifest.plan.map((step) => ({ ...step, work: 10 ** 9 })),
  }));
