import { byteSize, type DType, dtypeTable, isBigInt } from '../dtype.ts';
import { assertNever, VerifyError } from '../errors.ts';
import { binaryResult, roundTo, supportsBinary, supportsUnary, unaryResult } from '../scalar.ts';
import type { Ranges } from './bounds.ts';
import type {
  Binary,
  Bitcast,
  Broadcast,
  Buffer,
  Const,
  Dot,
  Expr,
  Extract,
  Load,
  Ramp,
  Select,
  Unary,
  Var,
} from './tensor-func.ts';

/** A loop variable, block iteration variable, size or let, as declared. */
export interface Declared {
  readonly dtype: DType;
  readonly lanes: number;
  readonly mutable: boolean;
}

/** Where in a function a check stands, and what can be seen from there. */
export interface Site {
  readonly func: string;
  readonly path: readonly string[];
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly variables: ReadonlyMap<string, Declared>;
  readonly ranges: Ranges;
  readonly inputs: ReadonlySet<string>;
  /** Loop variables that do take every value of their range: their extents are constant. */
  readonly exact: ReadonlySet<string>;
  readonly insideBlock: boolean;
  readonly insideIf: boolean;
}

export function fail(site: Site, message: string): never {
  throw new VerifyError([site.func, ...site.path].join(', '), message);
}

export const typeName = (dtype: DType, lanes: number): string => (lanes === 1 ? dtype : `${dtype}x${lanes}`);

/** Checks an expression and all below it; gives its lanes. */
export function verifyExpr(site: Site, expr: Expr): number {
  switch (expr.kind) {
    case 'const':
      return verifyConst(site, expr);
    case 'var':
      return verifyVar(site, expr);
    case 'load':
      return verifyLoad(site, expr);
    case 'unary':
      return verifyUnary(site, expr);
    case 'binary':
      return verifyBinary(site, expr);
    case 'dot':
      return verifyDot(site, expr);
    case 'select':
      return verifySelect(site, expr);
    case 'cast':
      return verifyExpr(site, expr.operand);
    case 'bitcast':
      return verifyBitcast(site, expr);
    case 'ramp':
      return verifyRamp(site, expr);
    case 'broadcast':
      return verifyBroadcast(site, expr);
    case 'extract':
      return verifyExtract(site, expr);
    default:
      return assertNever(expr);
  }
}

/** Checks that an expression is a scalar of a dtype; `what` names its role. */
export function verifyScalar(site: Site, expr: Expr, dtype: DType, what: string): void {
  const lanes = verifyExpr(site, expr);
  if (expr.dtype !== dtype || lanes !== 1) fail(site, `${what} is ${typeName(expr.dtype, lanes)}, expected ${dtype}`);
}

function verifyConst(site: Site, { dtype, value }: Const): number {
  if (typeof value !== (isBigInt(dtype) ? 'bigint' : 'number')) {
    fail(site, `constant ${value} of ${dtype} is held as a ${typeof value}`);
  }
  if (dtypeTable[dtype].kind !== 'float' && roundTo(dtype)(value) !== value) {
    fail(site, `constant ${value} is no value of ${dtype}`);
  }
  return 1;
}

function verifyVar(site: Site, { name, dtype, lanes }: Var): number {
  const declared = site.variables.get(name);
  if (declared === undefined) fail(site, `variable ${name} is not defined here`);
  if (declared.dtype !== dtype || declared.lanes !== lanes) {
    fail(
      site,
      `variable ${name} is used as ${typeName(dtype, lanes)}, but is ${typeName(declared.dtype, declared.lanes)}`,
    );
  }
  return lanes;
}

function verifyLoad(site: Site, expr: Load): number {
  const { buffer, lanes } = verifyAccess(site, expr.buffer, expr.indices);
  if (buffer.dtype !== expr.dtype) fail(site, `load of ${expr.dtype} from %${buffer.name}, which is ${buffer.dtype}`);
  return lanes;
}

/** Checks the indices of a load or store. Scalar indices go with vectors of any number of lanes, vectors only with equals. */
export function verifyAccess(
  site: Site,
  name: string,
  indices: readonly Expr[],
): { readonly buffer: Buffer; readonly lanes: number } {
  const buffer = site.buffers.get(name);
  if (buffer === undefined) fail(site, `buffer %${name} is not declared`);
  if (indices.length !== buffer.shape.length) {
    fail(site, `%${name} has ${buffer.shape.length} dimensions, but is accessed with ${indices.length} indices`);
  }
  const lanes = indices.map((index) => {
    const found = verifyExpr(site, index);
    if (index.dtype !== 'i32') fail(site, `an index into %${name} is ${typeName(index.dtype, found)}, expected i32`);
    return found;
  });
  const widest = Math.max(1, ...lanes);
  if (lanes.some((count) => count !== 1 && count !== widest)) {
    fail(site, `the indices into %${name} have different lanes: ${lanes.join(', ')}`);
  }
  return { buffer, lanes: widest };
}

function verifyUnary(site: Site, { op, dtype, operand }: Unary): number {
  const lanes = verifyExpr(site, operand);
  if (!supportsUnary(op, operand.dtype)) fail(site, `${op} is not defined on ${operand.dtype}`);
  expectResult(site, op, dtype, unaryResult(op, operand.dtype));
  return lanes;
}

function verifyBinary(site: Site, { op, dtype, left, right }: Binary): number {
  const [a, b] = [verifyExpr(site, left), verifyExpr(site, right)];
  if (left.dtype !== right.dtype || a !== b) {
    fail(site, `${op} has operands of different types: ${typeName(left.dtype, a)} and ${typeName(right.dtype, b)}`);
  }
  if (!supportsBinary(op, left.dtype)) fail(site, `${op} is not defined on ${left.dtype}`);
  expectResult(site, op, dtype, binaryResult(op, left.dtype));
  return a;
}

function expectResult(site: Site, op: string, found: DType, expected: DType): void {
  if (found !== expected) fail(site, `${op} is typed ${found}, but gives ${expected}`);
}

function verifyDot(site: Site, { dtype, left, right }: Dot): number {
  const [a, b] = [verifyExpr(site, left), verifyExpr(site, right)];
  if (left.dtype !== 'i16' || right.dtype !== 'i16' || a !== b || a < 4 || a % 2 !== 0) {
    const found = `${typeName(left.dtype, a)} and ${typeName(right.dtype, b)}`;
    fail(site, `dot has operands ${found}, expected two of i16 with the same even number of lanes, 4 or more`);
  }
  expectResult(site, 'dot', dtype, 'i32');
  return a / 2;
}

function verifySelect(site: Site, expr: Select): number {
  const cond = verifyExpr(site, expr.cond);
  const [then, otherwise] = [verifyExpr(site, expr.then), verifyExpr(site, expr.else)];
  if (expr.cond.dtype !== 'bool') fail(site, `the condition of a select is ${expr.cond.dtype}, expected bool`);
  if (expr.then.dtype !== expr.else.dtype || then !== otherwise) {
    const sides = `${typeName(expr.then.dtype, then)} and ${typeName(expr.else.dtype, otherwise)}`;
    fail(site, `select has sides of different types: ${sides}`);
  }
  if (cond !== then) fail(site, `select has a condition of ${cond} lanes and sides of ${then}`);
  expectResult(site, 'select', expr.dtype, expr.then.dtype);
  return then;
}

function verifyBitcast(site: Site, { dtype, operand }: Bitcast): number {
  const lanes = verifyExpr(site, operand);
  const hasBool = dtype === 'bool' || operand.dtype === 'bool';
  if (hasBool || byteSize(dtype) !== byteSize(operand.dtype)) {
    fail(site, `bitcast from ${operand.dtype} to ${dtype}: expected numbers of the same width`);
  }
  return lanes;
}

function verifyRamp(site: Site, { dtype, base, lanes }: Ramp): number {
  verifyScalar(site, base, 'i32', 'the base of a ramp');
  expectResult(site, 'ramp', dtype, 'i32');
  return vectorLanes(site, 'ramp', lanes);
}

function verifyBroadcast(site: Site, { dtype, value, lanes }: Broadcast): number {
  const repeated = verifyExpr(site, value);
  vectorLanes(site, 'broadcast', lanes);
  if (lanes % repeated !== 0 || lanes === repeated)
    fail(site, `broadcast of ${typeName(value.dtype, repeated)} to ${lanes} lanes, expected a multiple of its own`);
  expectResult(site, 'broadcast', dtype, value.dtype);
  return lanes;
}

function vectorLanes(site: Site, what: string, lanes: number): number {
  if (!Number.isInteger(lanes) || lanes < 2) fail(site, `${what} has ${lanes} lanes, expected 2 or more`);
  return lanes;
}

function verifyExtract(site: Site, { dtype, vector, lane }: Extract): number {
  const lanes = verifyExpr(site, vector);
  if (lanes === 1) fail(site, `extract from a scalar ${vector.dtype}`);
  if (!Number.isInteger(lane) || lane < 0 || lane >= lanes) fail(site, `extract of lane ${lane} from ${lanes} lanes`);
  expectResult(site, 'extract', dtype, vector.dtype);
  return 1;
}
