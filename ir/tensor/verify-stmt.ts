import { dimSymbols, printDim } from '../dim.ts';
import { assertNever } from '../errors.ts';
import { asAffine } from './affine.ts';
import { boundsOf, dataRange, type Interval, isData } from './bounds.ts';
import { dimExpr } from './build.ts';
import { everything } from './interval.ts';
import type { Assign, Block, For, If, Iter, Let, Stmt, Store } from './tensor-func.ts';
import { fail, type Site, typeName, verifyAccess, verifyExpr, verifyScalar } from './verify-expr.ts';

/** Checks a statement and all below it. */
export function verifyStmt(site: Site, stmt: Stmt): void {
  switch (stmt.kind) {
    case 'for':
      return verifyFor(site, stmt);
    case 'block':
      return verifyBlock(site, stmt);
    case 'store':
      return verifyStore(site, stmt);
    case 'seq':
      for (const child of stmt.stmts) verifyStmt(site, child);
      return;
    case 'if':
      return verifyIf(site, stmt);
    case 'let':
      return verifyLet(site, stmt);
    case 'assign':
      return verifyAssign(site, stmt);
    default:
      return assertNever(stmt);
  }
}

const at = (site: Site, place: string): Site => ({ ...site, path: [...site.path, place] });

function withIndex(site: Site, name: string, range: Interval): Site {
  const variables = new Map(site.variables).set(name, { dtype: 'i32', lanes: 1, mutable: false });
  return { ...site, variables, ranges: new Map(site.ranges).set(name, range) };
}

function verifyFor(site: Site, stmt: For): void {
  const inside = at(site, `loop ${stmt.loopVar}`);
  verifyScalar(inside, stmt.extent, 'i32', 'the extent');
  const { max } = boundsOf(stmt.extent, site.ranges);
  const indexed = withIndex(inside, stmt.loopVar, { min: 0, max: Math.max(max - 1, 0) });
  const exact = stmt.extent.kind === 'const' && max > 0 ? new Set(site.exact).add(stmt.loopVar) : site.exact;
  verifyStmt({ ...indexed, exact }, stmt.body);
}

function verifyBlock(site: Site, block: Block): void {
  const here = at(site, `block ${block.name}`);
  if (site.insideBlock) fail(here, 'a block stands inside of another block');
  if (block.predicate !== undefined) verifyScalar(here, block.predicate, 'bool', 'the predicate');
  for (const iter of block.iters) verifyIter(here, iter, block.predicate !== undefined);
  const inside = block.iters.reduce<Site>(
    (inner, iter) => withIndex(inner, iter.name, { min: 0, max: boundsOf(dimExpr(iter.extent), site.ranges).max - 1 }),
    { ...here, insideBlock: true },
  );
  if (block.init !== undefined) verifyStmt(at(inside, 'init'), block.init);
  verifyStmt(inside, block.body);
}

function verifyIter(site: Site, iter: Iter, predicated: boolean): void {
  for (const symbol of dimSymbols(iter.extent)) {
    if (!site.variables.has(symbol)) fail(site, `the extent of ${iter.name} uses ${symbol}, which is not a size`);
  }
  verifyScalar(site, iter.value, 'i32', `the value of ${iter.name}`);
  const extent = boundsOf(dimExpr(iter.extent), site.ranges);
  const value = boundsOf(iter.value, site.ranges);
  const never = value.max < 0 || value.min >= extent.max;
  const sometimes = !predicated && isAttained(site, iter) && (value.min < 0 || value.max >= extent.max);
  if (never || sometimes) {
    fail(
      site,
      `${iter.name} takes values from ${value.min} to ${value.max}, outside of its extent ${printDim(iter.extent)}`,
    );
  }
}

/** Whether both ends of a value's bounds do occur: it is affine over loops of constant extents and under no condition. */
function isAttained(site: Site, iter: Iter): boolean {
  const affine = asAffine(iter.value);
  if (site.insideIf || affine === undefined) return false;
  return [...affine.terms.keys()].every((name) => site.exact.has(name));
}

function verifyStore(site: Site, stmt: Store): void {
  const here = at(site, `store to %${stmt.buffer}`);
  const { buffer, lanes } = verifyAccess(here, stmt.buffer, stmt.indices);
  if (site.inputs.has(buffer.name)) fail(here, 'an input is not written');
  const found = verifyExpr(here, stmt.value);
  if (stmt.value.dtype !== buffer.dtype || found !== lanes) {
    fail(here, `the value is ${typeName(stmt.value.dtype, found)}, expected ${typeName(buffer.dtype, lanes)}`);
  }
}

function verifyIf(site: Site, stmt: If): void {
  verifyScalar(site, stmt.cond, 'bool', 'the condition of an if');
  const inside = { ...site, insideIf: true };
  verifyStmt(inside, stmt.then);
  if (stmt.else !== undefined) verifyStmt(inside, stmt.else);
}

function verifyLet(site: Site, stmt: Let): void {
  const here = at(site, `let ${stmt.name}`);
  const { dtype } = stmt.value;
  const lanes = verifyExpr(here, stmt.value);
  const variables = new Map(site.variables).set(stmt.name, { dtype, lanes, mutable: stmt.mutable });
  const index = dtype === 'i32' && lanes === 1 && !stmt.mutable && !isData(stmt.value, site.ranges);
  const range = index ? boundsOf(stmt.value, site.ranges) : dtype === 'i32' ? dataRange : everything;
  verifyStmt({ ...site, variables, ranges: new Map(site.ranges).set(stmt.name, range) }, stmt.body);
}

function verifyAssign(site: Site, stmt: Assign): void {
  const here = at(site, `assignment to ${stmt.name}`);
  const lanes = verifyExpr(here, stmt.value);
  const declared = site.variables.get(stmt.name);
  if (declared === undefined) fail(here, `${stmt.name} is not defined here`);
  if (!declared.mutable) fail(here, `${stmt.name} is not a mutable let`);
  if (declared.dtype !== stmt.value.dtype || declared.lanes !== lanes) {
    fail(
      here,
      `the value is ${typeName(stmt.value.dtype, lanes)}, expected ${typeName(declared.dtype, declared.lanes)}`,
    );
  }
}
