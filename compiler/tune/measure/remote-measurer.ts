import type { Outcome } from '../../../schedules/search/search.ts';
import type { DeviceProfile } from '../device.ts';
import { type Answer, isLost, type Lost, type MeasuringWorker } from './ask.ts';
import { Baselines, effortFor, type Measurer, taskFailure } from './measurer.ts';
import type { Batch, TaskProgram, Timing } from './programs.ts';

export interface RemoteOptions extends Pick<Timing, 'tiersUp'> {
  /** Milliseconds without a sign of life after which a candidate is given up, beyond what slow ones may take. */
  readonly patience: number;
  readonly open: () => MeasuringWorker;
}

/** Milliseconds for the plain definition of a task, which is slow. */
const OPENING = 120_000;
/** A candidate's turn may take so many times as long as a run of the default schedule. */
const SLOWEST = 100;

/** The tasks that a worker has open, so that their definitions need not run again, take no more than this. */
const OPEN_BYTES = 512 * 2 ** 20;
const OPEN_TASKS = 64;

interface OpenedTask {
  readonly anchorMs: number;
  readonly bytes: number;
}

/** Memory of a task: its operands, here and where the anchor has them, and its results. */
const bytesOf = ({ reference, anchor }: TaskProgram): number => reference.bytes + anchor.bytes;

/**
 * Measures in a worker, one batch at a time. A candidate that traps, hangs or ends the worker has that as its outcome; the
 * others of its batch are measured in another worker. Throws what a worker throws.
 */
export function remoteMeasurer(profile: DeviceProfile, options: RemoteOptions): Measurer {
  const workers = new Workers(options);
  return {
    profile,
    measure: async (task, batch, signal) => {
      const outcomes = new Map<number, Outcome>();
      const all = [...batch.kernels.keys()];
      await workers.measure(task, batch, all, { outcomes, suspects: new Set() }, signal);
      return all.map((i) => outcomes.get(i));
    },
    close: async () => workers.close(),
  };
}

/** What is known of the candidates of a batch. */
interface Findings {
  readonly outcomes: Map<number, Outcome>;
  /** Those that were at work when a worker ended of which it is not known who ended it. */
  readonly suspects: Set<number>;
}

class Workers {
  readonly #options: RemoteOptions;
  readonly #baselines = new Baselines();
  /** Of tasks that cannot be measured, why. */
  readonly #broken = new Map<string, Outcome>();
  #worker: MeasuringWorker | undefined;
  /** The tasks that the worker has open, those last that were last measured. */
  readonly #open = new Map<string, OpenedTask>();

  constructor(options: RemoteOptions) {
    this.#options = options;
  }

  close(): void {
    this.#worker?.end();
    this.#worker = undefined;
    this.#open.clear();
  }

  /** Has the task opened. Gives the outcome of all its candidates where it cannot be. */
  async #ensureOpen(task: TaskProgram, signal?: AbortSignal): Promise<Outcome | undefined> {
    if (this.#open.has(task.id) || this.#broken.has(task.id)) return this.#broken.get(task.id);
    const first = await this.#ask(task, signal);
    // A worker may be ended by whoever likes to; what ends a second one is the task.
    const answer = first.kind === 'crash' ? await this.#ask(task, signal) : first;
    if (answer.kind === 'opened' || answer.kind === 'aborted') return undefined;
    const { kind, message } = failureOf(answer);
    const failure = taskFailure(kind, message);
    this.#broken.set(task.id, failure);
    return failure;
  }

  async #ask(task: TaskProgram, signal?: AbortSignal): Promise<Answer | Lost> {
    this.#worker ??= this.#options.open();
    const bytes = bytesOf(task);
    const answer = await this.#worker.ask({ kind: 'task', task, close: this.#makeRoom(bytes) }, OPENING, signal);
    if (answer.kind === 'opened') this.#open.set(task.id, { anchorMs: answer.anchorMs, bytes });
    else this.close();
    return answer;
  }

  /** The ids of open tasks that have to go for one that takes so many bytes. */
  #makeRoom(bytes: number): readonly string[] {
    let taken = bytes + [...this.#open.values()].reduce((sum, open) => sum + open.bytes, 0);
    const gone: string[] = [];
    for (const [id, open] of this.#open) {
      if (taken <= OPEN_BYTES && this.#open.size < OPEN_TASKS) break;
      taken -= open.bytes;
      gone.push(id);
      this.#open.delete(id);
    }
    return gone;
  }

  /** Measures these of a batch's candidates, in new workers where one is lost, until each has its outcome. */
  async measure(
    task: TaskProgram,
    batch: Batch,
    candidates: readonly number[],
    findings: Findings,
    signal?: AbortSignal,
  ): Promise<void> {
    if (candidates.length === 0 || signal?.aborted) return;
    const { outcomes, suspects } = findings;
    const { tiersUp } = this.#options;
    const failure = await this.#ensureOpen(task, signal);
    if (failure !== undefined) for (const i of candidates) outcomes.set(i, failure);
    const [worker, open] = [this.#worker, this.#open.get(task.id)];
    if (worker === undefined || open === undefined) return;
    this.#open.delete(task.id);
    this.#open.set(task.id, open);
    const kernels = candidates.flatMap((i) => batch.kernels[i] ?? []);
    const timing = { ...effortFor(batch), cache: task.cache, tiersUp };
    const patience = this.#options.patience + SLOWEST * open.anchorMs;
    const message = { kind: 'batch', task: task.id, batch: { ...batch, kernels }, timing } as const;
    const answer = await worker.ask(message, patience, signal);
    if (answer.kind === 'measured') {
      const related = this.#baselines.relate(task.id, answer.result);
      for (const [at, i] of candidates.entries()) outcomes.set(i, related[at] as Outcome);
      return;
    }
    this.close();
    if (answer.kind === 'aborted') return;
    const at = isLost(answer) && typeof answer.progress === 'number' ? answer.progress : undefined;
    const [only, ...others] = candidates;
    // A worker may be ended by whoever likes to: of one that did not say what it was at, it takes a second time.
    const isAlone = others.length === 0 && (answer.kind !== 'crash' || suspects.has(only ?? -1));
    const culprit = isAlone ? only : candidates[at ?? -1];
    if (culprit === undefined) {
      // No one knows whose turn it was.
      for (const one of candidates) {
        suspects.add(one);
        await this.measure(task, batch, [one], findings, signal);
      }
      return;
    }
    outcomes.set(culprit, failureOf(answer));
    const rest = candidates.filter((one) => one !== culprit);
    await this.measure(task, batch, rest, findings, signal);
  }
}

function failureOf(answer: Answer | Lost): Exclude<Outcome, { readonly kind: 'time' }> {
  const message = 'message' in answer ? answer.message : `an answer that was not asked for: ${answer.kind}`;
  return { kind: answer.kind === 'timeout' || answer.kind === 'crash' ? answer.kind : 'trap', message };
}
