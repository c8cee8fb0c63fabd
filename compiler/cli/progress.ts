import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** Says that one more part is done, and what comes next or has just been done. */
  readonly advance: (label: string) => void;
  readonly stop: () => void;
}

/** A bar on standard error over a number of parts; nothing where that is no terminal. */
export function openProgress(parts: number, label: string): Progress {
  if (!process.stderr.isTTY) return { advance: () => undefined, stop: () => undefined };
  const format = '{bar} {value}/{total} {label}';
  const bar = new SingleBar({ format, clearOnComplete: true, stream: process.stderr }, Presets.shades_classic);
  bar.start(parts, 0, { label });
  return { advance: (next) => bar.increment(1, { label: next }), stop: () => bar.stop() };
}
