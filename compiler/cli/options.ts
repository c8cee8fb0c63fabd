import { InvalidArgumentError, Option } from 'commander';
import { mostThreads } from '../../runtime/control.ts';
import { type ParallelAxis, parallelAxes } from '../../schedules/space/context.ts';
import { type TargetName, targets } from '../pipeline.ts';

export type Sizes = Readonly<Record<string, number>>;
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** What binds a model's open dimensions. */
export interface BindingOptions {
  readonly dim: Sizes;
  readonly shape: Shapes;
}

/** The name may hold any character, `=` too: the value is what follows the last one. */
function splitPair(text: string, form: string): readonly [string, string] {
  const at = text.lastIndexOf('=');
  if (at <= 0) throw new InvalidArgumentError(`Expected ${form}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function parseSize(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`${JSON.stringify(text)} is no size.`);
  return Number(text);
}

export const dimOption = (): Option =>
  new Option('--dim <NAME=SIZE>', 'give a named dimension a size (repeatable)')
    .argParser((text: string, sizes: Sizes): Sizes => {
      const [name, size] = splitPair(text, 'NAME=SIZE');
      return { ...sizes, [name]: parseSize(size) };
    })
    .default({}, 'none');

export type RelaxedSimd = 'auto' | 'on' | 'off';

export const relaxedSimdOption = (): Option =>
  new Option('--relaxed-simd <MODE>', 'multiply and add in one instruction: where the engine can, or force it')
    .choices(['auto', 'on', 'off'] satisfies readonly RelaxedSimd[])
    .default('auto');

/** What the runtime's `load` takes for a mode. */
export const relaxedSimdLoad = (mode: RelaxedSimd): { readonly relaxedSimd?: boolean } =>
  mode === 'auto' ? {} : { relaxedSimd: mode === 'on' };

/** How a model is compiled that is not compiled yet. */
export interface ModelOptions extends BindingOptions {
  readonly parallel: ParallelAxis;
}

export const parallelOption = (): Option =>
  new Option('--parallel <AXIS>', 'the axis of its results along which threads divide a kernel, where it has that axis')
    .choices(parallelAxes)
    .default('auto');

export const threadsOption = (): Option =>
  new Option('--threads <N>', `threads to run on, from 1 to ${mostThreads}`).argParser(parseThreads).default(1);

function parseThreads(text: string): number {
  const threads = parseCount(text);
  if (threads > mostThreads) throw new InvalidArgumentError(`Expected at most ${mostThreads}.`);
  return threads;
}

export const deviceOption = (): Option =>
  new Option(
    '--device <DEVICE>',
    'what runs it: the processor, or a GPU by the package webgpu, whose adapter TILEWRIGHT_WEBGPU_ADAPTER can name',
  )
    .choices(targets)
    .default('wasm' satisfies TargetName);

export const dbOption = (): Option =>
  new Option('--db <DB>', 'the tuning database: a file, postgres://user:password@host/database, or memory');

export const shapeOption = (): Option =>
  new Option('--shape <INPUT=AxBxC>', 'give an input a whole shape, as images=1x3x416x416 (repeatable)')
    .argParser((text: string, shapes: Shapes): Shapes => {
      const [name, shape] = splitPair(text, 'INPUT=AxBxC');
      return { ...shapes, [name]: shape === '' ? [] : shape.split('x').map(parseSize) };
    })
    .default({}, 'none');

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('Expected a number ≥ 0.');
  return value;
}

export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number ≥ 1.');
  return value;
}
