import { compile, importOnnx } from '../../compiler/index.ts';
import { load } from '../../runtime/index.ts';
import type { Engine } from './engine.ts';

export const tilewright: Engine = {
  name: 'tilewright',
  async prepare({ model, inputs }) {
    const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
    const { files } = await compile(importOnnx(model, { shapes }));
    const loaded = await load(files);
    return {
      run: async () => Object.values(await loaded.run(inputs)),
      dispose: async () => loaded.dispose(),
    };
  },
};
