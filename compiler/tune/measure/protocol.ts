import type { Batch, BatchResult, TaskProgram, Timing } from './programs.ts';

/** What a process that measures is told: one thing at a time. */
export type ToWorker =
  /** Opens a task, when others have been closed, by their ids. */
  | { readonly kind: 'task'; readonly task: TaskProgram; readonly close: readonly string[] }
  /** Of a task that is open. */
  | { readonly kind: 'batch'; readonly task: string; readonly batch: Batch; readonly timing: Timing };

/** What it answers. */
export type FromWorker =
  /** The anchor took so many milliseconds in its first run. */
  | { readonly kind: 'opened'; readonly anchorMs: number }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'measured'; readonly result: BatchResult }
  | { readonly kind: 'failed'; readonly message: string };

/** The candidate of that number is about to be checked, or all take turns. */
export type Progress = number | 'turns';
