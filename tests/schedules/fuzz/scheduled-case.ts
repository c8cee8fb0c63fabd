import * as fc from 'fast-check';
import { onlyDirect } from '../../../compiler/lower/workload.ts';
import { lowerSchedule, tensorPasses } from '../../../compiler/tensor-passes/index.ts';
import { isFloat } from '../../../ir/dtype.ts';
import { ScheduleError } from '../../../ir/errors.ts';
import { f16ToNumber } from '../../../ir/f16.ts';
import { interpretFunc } from '../../../ir/tensor/interpret.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { verifyFunc } from '../../../ir/tensor/verify.ts';
import type { TensorData } from '../../../ir/tensor-data.ts';
import { scheduleWorkload } from '../../../schedules/space/search-space.ts';
import { type Target, wasmSimd } from '../../../schedules/target/target.ts';
import { applyStep, type PrimitiveName, replay, type Step, type Trace } from '../../../schedules/trace.ts';
import { runKernel } from '../../compiler/codegen/run-kernel.ts';
import { type Choices, choicesFrom } from '../../generators/random.ts';
import { arbitraryTensorFunc, type FuncOptions, randomInputs } from '../../generators/tensor-func.ts';
import { backwards, randomStep } from '../random-steps.ts';
import { widenData, widenFunc } from './widen.ts';
import { arbitraryWorkload } from './workloads.ts';

/** A function, and numbers that decide on its schedule, its inputs and its sizes. */
export interface Case {
  readonly func: TensorFunc;
  readonly numbers: readonly number[];
}

export const arbitraryCase = (options: FuncOptions = {}): fc.Arbitrary<Case> =>
  fc.record({
    func: fc.oneof(arbitraryTensorFunc(options), arbitraryWorkload()),
    numbers: fc.array(fc.nat(255), { minLength: 40, maxLength: 160 }),
  });

const attempts = 14;

/** The first steps of a default schedule, or none, and then such steps as were legal of those that the numbers made. */
export function randomTrace({ func, numbers }: Case, target: Target = wasmSimd): Trace {
  const choices: Choices = choicesFrom(numbers.slice(2));
  const trace = [...beginning(func, choices, target)];
  let current = replay(func, trace);
  for (let n = 0; n < attempts; n++) {
    const step = randomStep(current, choices);
    try {
      current = applyStep(current, step);
      trace.push(step);
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw new StepFailure([...trace, step], { cause: error });
    }
  }
  return trace;
}

/** Random steps alone seldom make a tile in registers, or a packed input. */
function beginning(func: TensorFunc, choices: Choices, target: Target): Trace {
  if (!choices.chance(3)) return [];
  const constants = func.inputs.filter(() => choices.chance(2)).map(({ name }) => name);
  const { trace } = scheduleWorkload(onlyDirect(func), { target, constants: new Set(constants) });
  return trace.slice(0, choices.below(trace.length + 1));
}

/** A step that neither went through nor was refused. */
class StepFailure extends Error {
  readonly trace: Trace;
  constructor(trace: Trace, options: ErrorOptions) {
    super('a step failed without being refused', options);
    this.trace = trace;
  }
}

/** These change the order in which a reduction adds up, and with it how floats round. */
const rounding: ReadonlySet<PrimitiveName> = new Set(['reorder', 'tile', 'rfactor']);

/** What a case is run on: the same for every trace. */
export function dataOf({ func, numbers }: Case): {
  readonly sizes: ReadonlyMap<string, number>;
  readonly inputs: readonly TensorData[];
} {
  const sizes = new Map(func.sizes.map((size, i) => [size, 1 + ((numbers[i] ?? 0) % 11)]));
  return { sizes, inputs: randomInputs(func, numbers[1] ?? 0, sizes) };
}

const unrounded = tensorPasses.filter(({ name }) => name !== 'legalize-math');

/** What schedules are made for. */
export interface Machine {
  readonly target: Target;
  /** What is wrong with the function after a trace, or undefined where nothing is. */
  readonly differenceAfter: (case_: Case, trace: Trace) => Promise<string | undefined>;
}

/**
 * The function after a trace must be well-formed; compute what the
 * function before does, to rounding in f64 where the trace reorders a sum; lower to a form that computes just the same, but
 * for functions like exp, which become arithmetic; and that form must run just so as WebAssembly.
 */
const differenceOnWasm: Machine['differenceAfter'] = async (case_, trace) => {
  const { func } = case_;
  const scheduled = replay(func, trace);
  verifyFunc(scheduled);
  const { sizes, inputs } = dataOf(case_);
  const flat = inputs.map((input) => ({ ...input, shape: [input.data.length] }));
  const before = interpretFunc(func, inputs, sizes);
  const rounds = trace.some(({ primitive }) => rounding.has(primitive));
  const after = interpretFunc(scheduled, inputs, sizes);
  const turned = backwards(scheduled);
  const passed = unrounded.reduce((current, { run }) => run(current), scheduled);
  const lowered = lowerSchedule(scheduled);
  const meaning = interpretFunc(lowered, flat, sizes);
  return (
    (rounds ? compareWide(func, trace, inputs, sizes) : compare('the scheduled function', after, before)) ??
    (turned.body === scheduled.body
      ? undefined
      : compare('its parallel iterations backwards', interpretFunc(turned, inputs, sizes), after)) ??
    compare('its flat form', interpretFunc(passed, flat, sizes), after) ??
    compare('its WebAssembly', await runKernel(lowered, flat, sizes), meaning)
  );
};

const wasm: Machine = { target: wasmSimd, differenceAfter: differenceOnWasm };

/** Compares functions that round differently, made anew where floats have room. */
function compareWide(
  func: TensorFunc,
  trace: Trace,
  inputs: readonly TensorData[],
  sizes: ReadonlyMap<string, number>,
): string | undefined {
  const [before, data] = [widenFunc(func), inputs.map(widenData)];
  if (before === undefined) return undefined;
  const expected = interpretFunc(before, data, sizes);
  const actual = interpretFunc(replay(before, trace), data, sizes);
  return compare('the scheduled function, in f64', actual, expected, 1e-6);
}

export function compare(
  what: string,
  actual: readonly TensorData[],
  expected: readonly TensorData[],
  tolerance = 0,
): string | undefined {
  for (const [output, wanted] of expected.entries()) {
    const [found, values] = [numbersOf(actual[output]), numbersOf(wanted)];
    const at = values.findIndex(
      (value, i) => !isClose(found[i] ?? Number.NaN, value, isFloat(wanted.dtype) ? tolerance : 0),
    );
    if (at >= 0 || found.length !== values.length)
      return `${what}: output ${output} has ${found[at]} at ${at}, expected ${values[at]}`;
  }
  return undefined;
}

const numbersOf = (tensor: TensorData | undefined): readonly number[] =>
  tensor === undefined
    ? []
    : Array.from<number | bigint, number>(tensor.data, (value) =>
        tensor.dtype === 'f16' ? f16ToNumber(Number(value)) : Number(value),
      );

const isClose = (a: number, b: number, tolerance: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));

/** What is wrong with a case, and the shortest part of its trace that shows it. */
export interface Failure {
  readonly trace: Trace;
  readonly difference: string;
}

/** Runs a case: counts its steps, and says what is wrong with it. */
export async function failureOf(
  case_: Case,
  count: (step: Step) => void = () => {},
  machine: Machine = wasm,
): Promise<Failure | undefined> {
  let trace: Trace;
  try {
    trace = randomTrace(case_, machine.target);
  } catch (error) {
    return { trace: error instanceof StepFailure ? error.trace : [], difference: textOf(error) };
  }
  trace.forEach(count);
  const difference = await problemAfter(case_, trace, machine);
  return difference === undefined ? undefined : { trace, difference };
}

async function problemAfter(case_: Case, trace: Trace, machine: Machine): Promise<string | undefined> {
  try {
    return await machine.differenceAfter(case_, trace);
  } catch (error) {
    return textOf(error);
  }
}

const textOf = (error: unknown): string =>
  error instanceof Error
    ? [error.stack, ...(error.cause === undefined ? [] : [textOf(error.cause)])].join('\n')
    : String(error);

/** Leaves out steps, one after another, as long as something is still wrong. */
export async function shrinkTrace(case_: Case, failure: Failure, machine: Machine = wasm): Promise<Failure> {
  for (const [i] of failure.trace.entries()) {
    const trace = failure.trace.filter((_, at) => at !== i);
    if (!isLegal(case_.func, trace)) continue;
    const difference = await problemAfter(case_, trace, machine);
    if (difference !== undefined) return shrinkTrace(case_, { trace, difference }, machine);
  }
  return failure;
}

function isLegal(func: TensorFunc, trace: Trace): boolean {
  try {
    replay(func, trace);
    return true;
  } catch (error) {
    return !(error instanceof ScheduleError);
  }
}
