import { compile, importOnnx } from '../../compiler/index.ts';
import type { ArtifactFiles } from '../../runtime/api.ts';
import { type LoadOptions, load } from '../../runtime/index.ts';
import type { Engine, Session, Workload } from './engine.ts';

export async function compileWorkload({ model, inputs }: Workload): Promise<ArtifactFiles> {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const { files } = await compile(importOnnx(model, { shapes }));
  return files;
}

/** An artifact as its user runs it: inputs are copied in, outputs are copied out. */
export async function openArtifact(
  files: ArtifactFiles,
  inputs: Workload['inputs'],
  options: LoadOptions = {},
): Promise<Session> {
  const model = await load(files, options);
  return {
    run: async () => Object.values(await model.run(inputs)),
    dispose: async () => model.dispose(),
  };
}

export const tilewright: Engine = {
  name: 'tilewright',
  open: async (workload) => openArtifact(await compileWorkload(workload), workload.inputs),
};
