import type { ArtifactFiles } from '../../runtime/api.ts';
import { type Manifest, files as names } from '../../runtime/manifest.ts';
import type { Compilation } from '../pipeline.ts';

/** The variants of a model, if there are several: what each is for, and what it adds to the files of those before. */
export function variantLines({ files, variants }: Pick<Compilation, 'files' | 'variants'>): readonly string[] {
  if (variants.length < 2) return [];
  const manifests = parse(files, names.manifest).variants ?? [];
  const seen = new Set(needs(files, names.manifest));
  const lines = variants.map(({ profile, reused = [] }, i) => {
    const own = i === 0 ? [] : needs(files, manifests[i]?.manifest ?? '').filter((name) => !seen.has(name));
    for (const name of own) seen.add(name);
    const bytes = own.reduce((sum, name) => sum + (files[name]?.length ?? 0), 0);
    const first = reused.filter(({ answer }) => answer.rank === 1).length;
    const measured = `${first} of ${reused.length} kernels were measured there`;
    const kind = `${profile?.device.class}, ${profile?.engine.name} ${profile?.engine.version}`;
    return `  ${kind}: ${measured}${i === 0 ? '' : `; adds ${bytes} bytes`}`;
  });
  return [`${variants.length} variants, of which the runtime can choose:`, ...lines];
}

/** The files that a variant loads, by its manifest. */
function needs(files: ArtifactFiles, manifest: string): readonly string[] {
  const { kernels, weights } = parse(files, manifest);
  return [manifest, ...[...kernels, ...weights].map(({ file }) => file)];
}

const parse = (files: ArtifactFiles, manifest: string): Manifest =>
  JSON.parse(new TextDecoder().decode(files[manifest]));
