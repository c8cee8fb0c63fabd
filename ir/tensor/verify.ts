import { dimSymbols, isStatic } from '../dim.ts';
import { VerifyError } from '../errors.ts';
import { dataRange } from './bounds.ts';
import { variablesOf } from './names.ts';
import type { Buffer, Stmt, TensorFunc } from './tensor-func.ts';
import type { Declared, Site } from './verify-expr.ts';
import { verifyStmt } from './verify-stmt.ts';
import { walk } from './visit.ts';

/**
 * Checks that a function is well-formed: names are unique (variables, blocks and buffers each among themselves) and
 * seen where they are used; indices, dtypes and lanes agree; operations are defined on their operands; blocks are not
 * nested and their variables stay within their extents, as far as bounds can tell; only mutable lets are assigned,
 * inputs are not written, and every output is that has elements.
 *
 * Throws `VerifyError`, which names the function, the loops and blocks around the place, and what was expected.
 */
export function verifyFunc(func: TensorFunc): void {
  verifyNames(func);
  const buffers = [...func.inputs, ...func.outputs, ...func.temps];
  for (const buffer of buffers) verifyBuffer(func, buffer);
  verifyStmt(newSite(func, buffers), func.body);
  const stored = new Set(statements(func.body).flatMap((stmt) => (stmt.kind === 'store' ? [stmt.buffer] : [])));
  for (const { name, shape } of func.outputs) {
    if (!stored.has(name) && !shape.includes(0)) throw new VerifyError(func.name, `output %${name} is never stored to`);
  }
}

function newSite(func: TensorFunc, buffers: readonly Buffer[]): Site {
  const size: Declared = { dtype: 'i32', lanes: 1, mutable: false };
  return {
    func: func.name,
    path: [],
    buffers: new Map(buffers.map((buffer) => [buffer.name, buffer])),
    inputs: new Set(func.inputs.map((buffer) => buffer.name)),
    variables: new Map(func.sizes.map((name) => [name, size])),
    ranges: new Map(func.sizes.map((name) => [name, { min: 1, max: dataRange.max }])),
    exact: new Set(),
    insideBlock: false,
    insideIf: false,
  };
}

function statements(body: Stmt): readonly Stmt[] {
  const found: Stmt[] = [];
  walk(body, { stmt: (stmt) => void found.push(stmt) });
  return found;
}

function verifyNames(func: TensorFunc): void {
  const stmts = statements(func.body);
  expectUnique(func, 'variable', [...func.sizes, ...stmts.flatMap(variablesOf)]);
  expectUnique(
    func,
    'block',
    stmts.flatMap((stmt) => (stmt.kind === 'block' ? [stmt.name] : [])),
  );
  expectUnique(
    func,
    'buffer',
    [...func.inputs, ...func.outputs, ...func.temps].map((buffer) => buffer.name),
  );
}

function expectUnique(func: TensorFunc, what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new VerifyError(func.name, `${what} ${name} is defined twice`);
    seen.add(name);
  }
}

function verifyBuffer(func: TensorFunc, { name, shape, scope }: Buffer): void {
  const place = `${func.name}, buffer %${name}`;
  const isTemp = func.temps.some((temp) => temp.name === name);
  if (!isTemp && scope !== 'global')
    throw new VerifyError(place, `an input or output is in global scope, not ${scope}`);
  for (const dim of shape) {
    if (isStatic(dim) && !(Number.isInteger(dim) && dim >= 0))
      throw new VerifyError(place, `dimension ${dim} is no size`);
    const unknown = dimSymbols(dim).find((symbol) => !func.sizes.includes(symbol));
    if (unknown !== undefined) throw new VerifyError(place, `${unknown} is not among the sizes of the function`);
  }
}
