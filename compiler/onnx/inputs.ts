import type { ValueInfoProto } from 'onnx-buf';
import { bindDim, type Dim, isStatic, printDim, type Shape, symbolDim } from '../../ir/dim.ts';
import type { DType } from '../../ir/dtype.ts';
import { OnnxImportError, UnsupportedError } from '../../ir/errors.ts';
import type { TensorData } from '../../ir/tensor-data.ts';
import { dtypeFromCode } from './tensor.ts';

export interface InputOptions {
  /** Values of the model's named dimensions. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Whole shapes of inputs; a named dimension that one of them fixes has that value everywhere. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Values of inputs that are known already: they become constants, no longer inputs. */
  readonly values?: Readonly<Record<string, TensorData>>;
}

export interface ModelInput {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

interface DeclaredInput {
  readonly name: string;
  readonly dtype: DType;
  /** Undefined where the model leaves even the rank open. */
  readonly shape: Shape | undefined;
}

/**
 * The inputs of a model with their dimensions bound as far as the options say. Dimensions without a name get one.
 * Throws OnnxImportError where an option names what the model does not have or contradicts it, UnsupportedError for
 * inputs that are no tensors.
 */
export function modelInputs(inputs: readonly ValueInfoProto[], options: InputOptions): readonly ModelInput[] {
  const unsupported: string[] = [];
  const names = new Set(inputs.flatMap((input) => dimParams(input)));
  const declared = inputs.flatMap((input) => {
    try {
      return [declaredInput(input, names)];
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      unsupported.push(...error.items);
      return [];
    }
  });
  if (unsupported.length > 0) throw new UnsupportedError(unsupported);
  const values = bindings(declared, names, options);
  return declared.map(({ name, dtype, shape }) => {
    const known = shape ?? options.shapes?.[name] ?? options.values?.[name]?.shape;
    if (known === undefined) throw new UnsupportedError([`input ${JSON.stringify(name)} without a shape: give one`]);
    return { name, dtype, shape: known.map((dim) => bindDim(dim, values)) };
  });
}

const tensorType = (input: ValueInfoProto) =>
  input.type?.value.case === 'tensorType' ? input.type.value.value : undefined;

const dimParams = (input: ValueInfoProto): readonly string[] =>
  (tensorType(input)?.shape?.dim ?? []).flatMap(({ value }) =>
    value.case === 'dimParam' && value.value !== '' ? [value.value] : [],
  );

/** Adds the names that it invents to `names`. */
function declaredInput(input: ValueInfoProto, names: Set<string>): DeclaredInput {
  const place = `input ${JSON.stringify(input.name)}`;
  if (input.name === '') throw new OnnxImportError('an input of the graph has no name');
  if (input.type === undefined) throw new OnnxImportError(`${place} has no type`);
  const type = tensorType(input);
  if (type === undefined) throw new UnsupportedError([`${place}: ${input.type.value.case ?? 'unknown type'}`]);
  const shape = type.shape?.dim.map(({ value }, axis): Dim => {
    if (value.case === 'dimValue' && value.value >= 0n) return Number(value.value);
    if (value.case === 'dimParam' && value.value !== '') return symbolDim(value.value);
    return symbolDim(inventName(`${input.name}.${axis}`, names));
  });
  return { name: input.name, dtype: dtypeFromCode(type.elemType, place), shape };
}

function inventName(wish: string, names: Set<string>): string {
  let name = wish;
  while (names.has(name)) name += '_';
  names.add(name);
  return name;
}

function bindings(
  inputs: readonly DeclaredInput[],
  names: ReadonlySet<string>,
  options: InputOptions,
): ReadonlyMap<string, Dim> {
  const values = new Map<string, Dim>();
  const bind = (symbol: string, value: number, source: string) => {
    const known = values.get(symbol);
    if (known !== undefined && known !== value) {
      throw new OnnxImportError(
        `${source}: dimension ${JSON.stringify(symbol)} is ${value} here and ${printDim(known)} elsewhere`,
      );
    }
    values.set(symbol, value);
  };
  for (const [symbol, value] of Object.entries(options.dims ?? {})) {
    if (!names.has(symbol))
      throw new OnnxImportError(`no dimension is called ${JSON.stringify(symbol)}; ${listing([...names])}`);
    checkSize(value, `dimension ${JSON.stringify(symbol)}`);
    bind(symbol, value, 'the given dimensions');
  }
  for (const [name, sizes] of Object.entries(options.shapes ?? {})) {
    bindShape(findInput(inputs, name), sizes, bind);
  }
  for (const [name, { dtype, shape }] of Object.entries(options.values ?? {})) {
    const input = findInput(inputs, name);
    if (dtype !== input.dtype) {
      throw new OnnxImportError(
        `the given value of input ${JSON.stringify(name)} is ${dtype}, expected ${input.dtype}`,
      );
    }
    bindShape(input, shape, bind);
  }
  return values;
}

function findInput(inputs: readonly DeclaredInput[], name: string): DeclaredInput {
  const input = inputs.find((candidate) => candidate.name === name);
  if (input !== undefined) return input;
  throw new OnnxImportError(
    `no input is called ${JSON.stringify(name)}; ${listing(inputs.map((known) => known.name))}`,
  );
}

function bindShape(
  { name, shape }: DeclaredInput,
  sizes: readonly number[],
  bind: (symbol: string, value: number, source: string) => void,
): void {
  const place = `the given shape of input ${JSON.stringify(name)}, [${sizes}]`;
  for (const size of sizes) checkSize(size, place);
  if (shape === undefined) return;
  if (shape.length !== sizes.length) throw new OnnxImportError(`${place}: the model has ${shape.length} dimensions`);
  for (const [axis, dim] of shape.entries()) {
    const size = sizes[axis] as number;
    if (!isStatic(dim)) bind(dim.terms[0]?.symbol ?? '', size, place);
    else if (dim !== size) throw new OnnxImportError(`${place}: dimension ${axis} is ${dim} in the model`);
  }
}

function checkSize(value: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new OnnxImportError(`${what}: ${value} is no size`);
}

const listing = (names: readonly string[]): string =>
  names.length === 0 ? 'there are none' : `there are: ${names.map((name) => JSON.stringify(name)).join(', ')}`;
