import type { Candidate, Measure, MeasureOptions, Outcome } from '../../schedules/search/search.ts';
import { buildBatch, buildTask } from './build-candidates.ts';
import type { Measurer } from './measure/measurer.ts';
import type { TaskProgram } from './measure/programs.ts';
import type { KernelTask } from './tasks.ts';

/** So many candidates are one module: while they are measured, the next ones are built. */
const TOGETHER = 8;

/** Builds candidates of these tasks and has them measured. */
export function measureTasks(tasks: readonly KernelTask[], measurer: Measurer): Measure {
  const known = new Map(tasks.map((task) => [task.workload, task]));
  const programs = new Map<string, Promise<TaskProgram>>();
  const programOf = (task: KernelTask): Promise<TaskProgram> => {
    const program = programs.get(task.workload) ?? buildTask(task);
    programs.set(task.workload, program);
    return program;
  };
  // One thing after the other is built, and one after the other measured, the former while the latter goes on.
  const build = queue();
  const onDevice = queue();
  const submit = async (
    task: KernelTask,
    candidates: readonly Candidate[],
    { isFinal = false, signal }: MeasureOptions,
  ) => {
    const program = await programOf(task);
    const measured: Promise<readonly (Outcome | undefined)[]>[] = [];
    for (const part of inParts(candidates)) {
      if (signal?.aborted) break;
      const batch = await buildBatch(task, part, isFinal);
      measured.push(onDevice(() => measurer.measure(program, batch, signal)));
    }
    return measured;
  };
  return async ({ name, workload }, candidates, options = {}) => {
    const task = known.get(workload);
    if (task === undefined) throw new Error(`the task ${name} is none of those that are measured`);
    const outcomes = (await Promise.all(await build(() => submit(task, candidates, options)))).flat();
    return candidates.map((_, i) => outcomes[i]);
  };
}

/** Does one work after the other, in the order in which they come; each gives what it gives, or throws. */
function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}

const inParts = (candidates: readonly Candidate[]): readonly (readonly Candidate[])[] =>
  Array.from({ length: Math.ceil(candidates.length / TOGETHER) }, (_, i) =>
    candidates.slice(TOGETHER * i, TOGETHER * (i + 1)),
  );
