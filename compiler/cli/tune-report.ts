import Table from 'cli-table3';
import { assertNever } from '../../ir/errors.ts';
import type { Decision, TuneEvent } from '../../schedules/search/events.ts';
import type { Task } from '../../schedules/search/search.ts';

/** What is said of a run of the tuner, in plain lines. */
export class TuneReport {
  readonly #tasks: readonly Task[];
  readonly #decisions = new Map<Task, Decision>();
  /** The time of the default schedule of each task. */
  readonly #standards = new Map<Task, number>();
  #failed = 0;

  constructor(tasks: readonly Task[]) {
    this.#tasks = tasks;
  }

  /** The lines that an event is worth; none for most. */
  tell(event: TuneEvent): string {
    switch (event.kind) {
      case 'round':
        return '';
      case 'outcome':
        if (event.outcome.kind === 'time') return '';
        this.#failed++;
        return `${event.task.name}: ${event.outcome.kind}, ${event.outcome.message}\n`;
      case 'improved':
        return this.#improved(event.task, event.sample.ms);
      case 'task-done':
        if (event.decision !== undefined) this.#decisions.set(event.task, event.decision);
        return '';
      case 'done':
        return `${event.trials} schedules in ${seconds(event.elapsed)} s, ${this.#failed} of them failed${event.aborted ? '; interrupted' : ''}\n`;
      default:
        return assertNever(event);
    }
  }

  /** What came of each task, and of a run of the model. */
  summary(place: string): string {
    const table = new Table({
      head: ['kernel', 'calls', 'default ms', 'tuned ms', 'times'],
      colAligns: ['left', 'right', 'right', 'right', 'right'],
      style: { head: [], border: [], compact: true },
    });
    let [before, after] = [0, 0];
    for (const task of this.#tasks) {
      const decision = this.#decisions.get(task);
      if (decision === undefined) continue;
      const [standard, winner] = [decision.standard.sample.ms, decision.winner.sample.ms];
      table.push([task.name, task.calls, milliseconds(standard), milliseconds(winner), times(standard, winner)]);
      before += task.calls * standard;
      after += task.calls * winner;
    }
    const model = `kernels of a run: ${milliseconds(before)} ms by default, ${milliseconds(after)} ms tuned (${times(before, after)}x)`;
    return `${table.toString()}\n${model}\nrecords are in ${place}\n`;
  }

  #improved(task: Task, ms: number): string {
    const standard = this.#standards.get(task);
    if (standard === undefined) {
      this.#standards.set(task, ms);
      return `${task.name}: default ${milliseconds(ms)} ms\n`;
    }
    return `${task.name}: ${milliseconds(ms)} ms, ${times(standard, ms)}x\n`;
  }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const milliseconds = (ms: number): string => ms.toPrecision(4);
const times = (before: number, after: number): string => (after === 0 ? 1 : before / after).toFixed(2);
