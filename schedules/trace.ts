import { CompilerError } from '../ir/errors.ts';
import type { TensorFunc } from '../ir/tensor/tensor-func.ts';
import { isObject, mistakesIn } from './fields.ts';
import { primitives } from './primitives/table.ts';
import type { Primitive, PrimitiveName, Step, Trace } from './step.ts';
import { tidy } from './tidy.ts';

export type { PackedDim, PrimitiveName, Step, StepArgs, Trace } from './step.ts';

/** The function after one step. Throws a ScheduleError where the step is not legal. */
export function applyStep(func: TensorFunc, step: Step): TensorFunc {
  // The type checker does not see that the row and the arguments belong to the same primitive.
  const row = primitives[step.primitive] as Primitive<PrimitiveName>;
  return tidy(row.apply(func, step), func);
}

/** The function after all steps of a trace, in order. The same trace on the same function gives the same function. */
export const replay = (func: TensorFunc, trace: Trace): TensorFunc => trace.reduce(applyStep, func);

/** Reads a trace that came as JSON. Throws a CompilerError that names every mistake, by the number of its step. */
export function parseTrace(json: unknown): Trace {
  if (!Array.isArray(json)) throw new CompilerError(`a trace should be a list of steps, is ${JSON.stringify(json)}`);
  const mistakes = mistakesInSteps(json);
  if (mistakes.length > 0)
    throw new CompilerError(`not a valid trace:\n${mistakes.map((line) => `  - ${line}`).join('\n')}`);
  return json as Trace;
}

/** What is wrong with a list that should be a trace, by the number of the step. */
export const mistakesInSteps = (steps: readonly unknown[]): readonly string[] =>
  steps.flatMap((step, i) => mistakesInStep(step).map((mistake) => `step ${i}: ${mistake}`));

function mistakesInStep(step: unknown): readonly string[] {
  if (!isObject(step)) return [`should be an object, is ${JSON.stringify(step)}`];
  const { primitive, ...args } = step;
  const known = Object.keys(primitives);
  if (typeof primitive !== 'string' || !known.includes(primitive))
    return [`'primitive' should be one of ${known.join(', ')}, is ${JSON.stringify(primitive) ?? 'missing'}`];
  return mistakesIn(args, primitives[primitive as PrimitiveName].fields).map((mistake) => `${primitive} ${mistake}`);
}
