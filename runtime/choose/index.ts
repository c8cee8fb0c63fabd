import type { ChooseVariant, Model, VariantChoice } from '../api.ts';
import { fastestOf } from './fastest.ts';
import { memoryOf } from './remembered.ts';

export interface FastestOptions {
  /**
   * How many milliseconds timing may take, the first run of each variant aside; 100 if nothing is said. A variant needs
   * three samples to be compared, and one that takes long is not timed: 100 suffice for two variants of some 15 ms a run.
   */
  readonly budget?: number;
  /** Node: the folder in which choices are remembered, instead of one in the user's cache directory. */
  readonly cache?: string;
}

/** A page that loads is busy: what could not be found out then is timed again when it is loaded the next time. */
const mostTries = 3;

/**
 * For `load`'s `choose`: runs the variants of an artifact in turns on zeros, takes the fastest, and remembers it for
 * this machine and engine: in IndexedDB, or in a file in Node. What cannot be remembered is timed each time. At most two
 * variants are in memory at once. Throws RangeError for a budget that is no time.
 */
export function fastestVariant({ budget = 100, cache }: FastestOptions = {}): ChooseVariant {
  if (!(budget >= 0 && budget < Number.POSITIVE_INFINITY))
    throw new RangeError(`the budget must be a number of milliseconds, but is ${budget}`);
  return async ({ key, variants }) => {
    const memory = memoryOf(JSON.stringify([key, budget]), variants.length, cache);
    const known = await memory.read();
    const isFinal = known !== undefined && (known.settled || known.tries >= mostTries);
    const remembered = isFinal ? variants[known.variant] : undefined;
    if (remembered !== undefined) {
      const { name, load } = remembered;
      return withInfo(await load(), { name, because: 'remembered', timings: [], spentMs: 0 });
    }
    const { chosen, model, settled, timings, spentMs } = await fastestOf(variants, budget, () => performance.now());
    await memory.write({ variant: chosen, settled, tries: (known?.tries ?? 0) + 1 });
    const because = settled ? 'timed' : 'unsettled';
    return withInfo(model, { name: variants[chosen]?.name ?? '', because, timings, spentMs });
  };
}

const withInfo = (model: Model, variant: VariantChoice): Model => ({
  info: () => ({ ...model.info(), variant }),
  run: (inputs) => model.run(inputs),
  dispose: () => model.dispose(),
});
