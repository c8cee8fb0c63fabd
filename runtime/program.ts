import { ArtifactError } from './errors.ts';
import type { Manifest, Step } from './manifest.ts';

/** A step of the plan as one thread runs it. */
export interface BoundStep {
  readonly kernel: string;
  /** Whether threads share it, when there are several. */
  readonly isShared: boolean;
  /** Runs one of so many parts of the step. A step that is not shared has one part. */
  readonly run: (part: number, parts: number) => void;
}

/** Where a thread's own memory begins: that of the first is in the arena, those of the others stand behind it. */
const ownMemory = ({ bytes, thread: each }: Manifest['memory'], thread: number): number =>
  align(bytes) + (thread - 1) * each;

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** The bytes of memory that so many threads need. */
export const memoryBytes = ({ memory }: Manifest, threads: number): number =>
  threads === 1 ? memory.bytes : ownMemory(memory, threads);

/**
 * Vector instructions below which a step is run by one thread. To share one takes about 3 microseconds where the other
 * threads are awake, and up to 50 where they have to be woken up; a core executes some 7000 in a microsecond.
 */
const leastWork = 40_000;

export const isWorthSharing = ({ parallel, work }: Step): boolean => parallel !== undefined && work >= leastWork;

/** The steps of the plan for one thread. Throws ArtifactError where the plan calls a kernel that the module lacks. */
export const bindPlan = ({ plan, memory }: Manifest, exports: WebAssembly.Exports, thread = 0): readonly BoundStep[] =>
  bindSteps(plan, memory, exports, thread);

export function bindSteps(
  steps: readonly Step[],
  memory: Manifest['memory'],
  exports: WebAssembly.Exports,
  thread = 0,
): readonly BoundStep[] {
  return steps.map((step) => {
    const { kernel, parallel } = step;
    const call = exports[kernel] as (...args: readonly number[]) => void;
    if (typeof call !== 'function')
      throw new ArtifactError(`the plan calls ${kernel}, which is no kernel of the artifact`);
    const operands = [...step.operands];
    if (thread > 0) for (const [at, offset] of parallel?.own ?? []) operands[at] = ownMemory(memory, thread) + offset;
    const run =
      parallel === undefined
        ? () => call(...operands)
        : (part: number, parts: number) => call(...operands, part, parts);
    return { kernel, isShared: isWorthSharing(step), run };
  });
}
