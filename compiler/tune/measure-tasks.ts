import type { Candidate, Measure, Outcome } from '../../schedules/search/search.ts';
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
  return async ({ name, workload }, candidates, signal) => {
    const task = known.get(workload);
    if (task === undefined) throw new Error(`the task ${name} is none of those that are measured`);
    const program = await programOf(task);
    const outcomes: (Outcome | undefined)[] = [];
    const [first, ...others] = inParts(candidates);
    let next = first === undefined ? undefined : buildBatch(task, first);
    for (const part of [...others, undefined]) {
      const batch = await next;
      if (batch === undefined) break;
      const measured = measurer.measure(program, batch, signal);
      next = part === undefined || signal?.aborted ? undefined : buildBatch(task, part);
      outcomes.push(...(await measured));
    }
    return candidates.map((_, i) => outcomes[i]);
  };
}

const inParts = (candidates: readonly Candidate[]): readonly (readonly Candidate[])[] =>
  Array.from({ length: Math.ceil(candidates.length / TOGETHER) }, (_, i) =>
    candidates.slice(TOGETHER * i, TOGETHER * (i + 1)),
  );
