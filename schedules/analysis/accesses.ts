import type { Expr, Load, Stmt } from '../../ir/tensor/tensor-func.ts';
import { substituteExpr, walk } from '../../ir/tensor/visit.ts';
import type { BlockSite } from './nests.ts';

/** One load or store of a block, its indices written over the loops around the block (and those in its body). */
export interface Access {
  readonly buffer: string;
  readonly write: boolean;
  readonly indices: readonly Expr[];
  readonly site: BlockSite;
}

/** The loads and stores of a block, in its init and in its body. */
export function accessesOf(site: BlockSite): readonly Access[] {
  const values = new Map(site.block.iters.map(({ name, value }) => [name, value]));
  const found: Access[] = [];
  const add = (buffer: string, write: boolean, indices: readonly Expr[]): void => {
    found.push({ buffer, write, indices: indices.map((index) => substituteExpr(index, values)), site });
  };
  for (const stmt of statementsOf(site))
    walk(stmt, {
      stmt: (node) => {
        if (node.kind === 'store') add(node.buffer, true, node.indices);
      },
      expr: (node) => {
        if (node.kind === 'load') add(node.buffer, false, node.indices);
      },
    });
  return found;
}

const statementsOf = ({ block }: BlockSite): readonly Stmt[] =>
  block.init === undefined ? [block.body] : [block.init, block.body];

export const writtenBy = (site: BlockSite): ReadonlySet<string> =>
  new Set(accessesOf(site).flatMap((access) => (access.write ? [access.buffer] : [])));

export const readBy = (site: BlockSite): ReadonlySet<string> =>
  new Set(accessesOf(site).flatMap((access) => (access.write ? [] : [access.buffer])));

export const writersOf = (sites: readonly BlockSite[], buffer: string): readonly BlockSite[] =>
  sites.filter((site) => writtenBy(site).has(buffer));

export const readersOf = (sites: readonly BlockSite[], buffer: string): readonly BlockSite[] =>
  sites.filter((site) => readBy(site).has(buffer));

export const touchersOf = (sites: readonly BlockSite[], buffer: string): readonly BlockSite[] =>
  sites.filter((site) => accessesOf(site).some((access) => access.buffer === buffer));

/** The buffers that a statement stores to. */
export function storesIn(stmt: Stmt): ReadonlySet<string> {
  const buffers = new Set<string>();
  walk(stmt, {
    stmt: (node) => {
      if (node.kind === 'store') buffers.add(node.buffer);
    },
  });
  return buffers;
}

/** The buffers that a statement loads from. */
export const loadsIn = (stmt: Stmt): ReadonlySet<string> => new Set(allLoads(stmt).map((load) => load.buffer));

export const loadsOf = (stmt: Stmt, buffer: string): readonly Load[] =>
  allLoads(stmt).filter((load) => load.buffer === buffer);

function allLoads(stmt: Stmt): readonly Load[] {
  const loads: Load[] = [];
  walk(stmt, {
    expr: (node) => {
      if (node.kind === 'load') loads.push(node);
    },
  });
  return loads;
}
