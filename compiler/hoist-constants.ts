import { invariant } from '../ir/errors.ts';
import { interpretFunc } from '../ir/tensor/interpret.ts';
import type { Stmt, TensorFunc } from '../ir/tensor/tensor-func.ts';
import { walk } from '../ir/tensor/visit.ts';
import type { TensorData } from '../ir/tensor-data.ts';
import { runCopy } from './run-copy.ts';

/** A function without the work that only depends on constants, and that work as functions of their own. */
export interface HoistedConstants {
  readonly func: TensorFunc;
  /** Where each input of `func` comes from: an input of the original, by position, or a function of one of them. */
  readonly inputs: readonly HoistedInput[];
}

export interface HoistedInput {
  readonly source: number;
  /** Runs when the model is compiled. */
  readonly pack?: TensorFunc;
  /** Makes the input of the packed constant, with one operand and one result. Runs when the artifact is loaded. */
  readonly prepare?: TensorFunc;
}

interface Packing {
  readonly stmt: Stmt;
  readonly source: string;
  readonly target: string;
}

/**
 * Takes the statements out that copy a constant input into a temporary (what transform-layout of weights leaves), so
 * that the compiler runs them once: the temporary becomes an input. Then those that compute a temporary from nothing but
 * one constant (the transform of a filter): they make more of it, and so are run when the artifact is loaded.
 *
 *   for i { block pack { %packed[…] = %w[…] } }  …%packed[…]…      →      …%packed[…]…    with packed an input
 */
export const hoistConstants = (func: TensorFunc, constants: ReadonlySet<string>): HoistedConstants =>
  hoistPreparations(hoistPacking(func, constants), constants);

function hoistPacking(func: TensorFunc, constants: ReadonlySet<string>): HoistedConstants {
  const stmts = func.body.kind === 'seq' ? func.body.stmts : [func.body];
  const packings = stmts.flatMap((stmt) => packingOf(func, stmts, stmt, constants));
  if (packings.length === 0) return { func, inputs: func.inputs.map((_, source) => ({ source })) };
  const hoisted = new Set(packings.map((packing) => packing.stmt));
  const rest = stmts.filter((stmt) => !hoisted.has(stmt));
  const used = new Set(rest.flatMap((stmt) => [...accesses(stmt).reads]));
  const kept = func.inputs.flatMap((input, source) =>
    used.has(input.name) || !packings.some((packing) => packing.source === input.name)
      ? [{ buffer: input, source }]
      : [],
  );
  const packed = packings.map((packing) => packedInput(func, packing));
  return {
    func: {
      ...func,
      inputs: [...kept.map(({ buffer }) => buffer), ...packed.map(({ buffer }) => buffer)],
      temps: func.temps.filter((temp) => packings.every((packing) => packing.target !== temp.name)),
      body: { kind: 'seq', stmts: rest },
    },
    inputs: [...kept.map(({ source }) => ({ source })), ...packed.map(({ source, pack }) => ({ source, pack }))],
  };
}

/** Runs a packing on the constant's data. */
export function pack(packing: TensorFunc, data: TensorData): TensorData {
  const [input] = packing.inputs;
  invariant(input !== undefined, 'a packing has one input');
  const operand = { ...data, shape: input.shape as readonly number[] };
  const packed = runCopy(packing, operand) ?? interpretFunc(packing, [operand])[0];
  invariant(packed !== undefined, 'a packing has one output');
  return packed;
}

/** The operand that a kernel reads for a constant, by the interpreter. */
export function operandOf({ pack: packing, prepare }: HoistedInput, data: TensorData): TensorData {
  const packed = packing === undefined ? data : pack(packing, data);
  const [prepared = packed] = prepare === undefined ? [] : interpretFunc(prepare, [packed]);
  return prepared;
}

function hoistPreparations({ func, inputs }: HoistedConstants, constants: ReadonlySet<string>): HoistedConstants {
  const stmts = func.body.kind === 'seq' ? func.body.stmts : [func.body];
  const known = new Set(
    func.inputs.filter(({ name }, i) => constants.has(name) || inputs[i]?.pack).map(({ name }) => name),
  );
  const preparation = stmts.flatMap((stmt) => preparationOf(func, stmts, stmt, known) ?? [])[0];
  if (preparation === undefined) return { func, inputs };
  const { stmt, prepare } = preparation;
  const [[operand], [result]] = [prepare.inputs, prepare.outputs];
  invariant(operand !== undefined && result !== undefined, 'a preparation has an operand and a result');
  const at = func.inputs.indexOf(operand);
  const gone = new Set([result, ...prepare.temps]);
  return {
    func: {
      ...func,
      inputs: func.inputs.with(at, result),
      temps: func.temps.filter((temp) => !gone.has(temp)),
      body: { kind: 'seq', stmts: stmts.filter((other) => other !== stmt) },
    },
    inputs: inputs.map((input, i) => (i === at ? { ...input, prepare } : input)),
  };
}

/** A statement that reads one constant, which no other does, and beside temporaries of its own writes one for others. */
function preparationOf(
  func: TensorFunc,
  all: readonly Stmt[],
  stmt: Stmt,
  constants: ReadonlySet<string>,
): { readonly stmt: Stmt; readonly prepare: TensorFunc } | undefined {
  const { reads, writes } = accesses(stmt);
  const others = all.filter((other) => other !== stmt).map(accesses);
  const isElsewhere = (name: string): boolean => others.some((use) => use.reads.has(name) || use.writes.has(name));
  const temps = func.temps.filter(({ name }) => writes.has(name));
  const own = temps.filter(({ name }) => !isElsewhere(name));
  const [result, ...more] = temps.filter(({ name }) => isElsewhere(name));
  const [operand, ...rest] = func.inputs.filter(({ name }) => reads.has(name));
  if (operand === undefined || result === undefined || rest.length + more.length > 0) return undefined;
  const isConstant = constants.has(operand.name) && !isElsewhere(operand.name);
  const isOnlyWriter = others.every((use) => !use.writes.has(result.name));
  const isClosed = [...reads, ...writes].every((name) =>
    [operand, result, ...own].some((buffer) => buffer.name === name),
  );
  if (!isConstant || !isOnlyWriter || !isClosed || reads.has(result.name)) return undefined;
  const prepare = { name: result.name, sizes: [], inputs: [operand], outputs: [result], temps: own, body: stmt };
  return { stmt, prepare };
}

function packingOf(
  func: TensorFunc,
  all: readonly Stmt[],
  stmt: Stmt,
  constants: ReadonlySet<string>,
): readonly Packing[] {
  const { reads, writes } = accesses(stmt);
  const [source, target] = [[...reads][0], [...writes][0]];
  if (source === undefined || target === undefined || reads.size !== 1 || writes.size !== 1) return [];
  const isTemp = func.temps.some((temp) => temp.name === target);
  const writtenOnce = all.every((other) => other === stmt || !accesses(other).writes.has(target));
  return isTemp && writtenOnce && constants.has(source) ? [{ stmt, source, target }] : [];
}

function accesses(stmt: Stmt): { readonly reads: ReadonlySet<string>; readonly writes: ReadonlySet<string> } {
  const [reads, writes] = [new Set<string>(), new Set<string>()];
  walk(stmt, {
    stmt: (node) => {
      if (node.kind === 'store') writes.add(node.buffer);
    },
    expr: (node) => {
      if (node.kind === 'load') reads.add(node.buffer);
    },
  });
  return { reads, writes };
}

function packedInput(func: TensorFunc, packing: Packing) {
  const source = func.inputs.findIndex((input) => input.name === packing.source);
  const [input, buffer] = [func.inputs[source], func.temps.find((temp) => temp.name === packing.target)];
  invariant(input !== undefined && buffer !== undefined, `packing of ${packing.source} names unknown buffers`);
  const packFunc: TensorFunc = {
    name: packing.target,
    sizes: [],
    inputs: [input],
    outputs: [buffer],
    temps: [],
    body: packing.stmt,
  };
  return { buffer, source, pack: packFunc };
}
