import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** Says that a phase is over. */
  readonly advance: (phase: string) => void;
  readonly stop: () => void;
}

/** A bar on standard error over the given phases; nothing where that is no terminal. */
export function openProgress(phases: readonly string[]): Progress {
  if (!process.stderr.isTTY) return { advance: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    { format: '{bar} {phase}', clearOnComplete: true, stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(phases.length, 0, { phase: phases[0] ?? '' });
  return {
    advance: (phase) => bar.increment(1, { phase: phases[phases.indexOf(phase) + 1] ?? '' }),
    stop: () => bar.stop(),
  };
}
