import { affineDim, type Dim, isStatic } from '../dim.ts';
import type { Block, Buffer, Expr, Stmt, TensorFunc } from './tensor-func.ts';
import { mapChildren, mapList, rewriteExpr, update } from './visit.ts';

/** New names by old ones; what is not named keeps its name. Sizes are variables. */
export interface Renaming {
  readonly buffers?: ReadonlyMap<string, string>;
  readonly variables?: ReadonlyMap<string, string>;
  readonly blocks?: ReadonlyMap<string, string>;
}

export function renameFunc(func: TensorFunc, renaming: Renaming): TensorFunc {
  const buffers = (list: readonly Buffer[]): readonly Buffer[] =>
    mapList(list, (buffer) => renameBuffer(buffer, renaming));
  return update(func, {
    sizes: mapList(func.sizes, (size) => renamed(size, renaming.variables)),
    inputs: buffers(func.inputs),
    outputs: buffers(func.outputs),
    temps: buffers(func.temps),
    body: renameStmt(func.body, renaming),
  });
}

const renamed = (name: string, names: ReadonlyMap<string, string> | undefined): string => names?.get(name) ?? name;

const renameBuffer = (buffer: Buffer, renaming: Renaming): Buffer =>
  update(buffer, {
    name: renamed(buffer.name, renaming.buffers),
    shape: mapList(buffer.shape, (dim) => renameDim(dim, renaming)),
  });

function renameDim(dim: Dim, { variables }: Renaming): Dim {
  if (isStatic(dim) || !dim.terms.some(({ symbol }) => renamed(symbol, variables) !== symbol)) return dim;
  return affineDim(
    dim.constant,
    dim.terms.map(({ symbol, coefficient }) => ({ symbol: renamed(symbol, variables), coefficient })),
  );
}

export function renameStmt(stmt: Stmt, renaming: Renaming): Stmt {
  const mapped = mapChildren(stmt, {
    stmt: (child) => renameStmt(child, renaming),
    expr: (child) => renameExpr(child, renaming),
  });
  const { buffers, variables } = renaming;
  switch (mapped.kind) {
    case 'for':
      return update(mapped, { loopVar: renamed(mapped.loopVar, variables) });
    case 'let':
    case 'assign':
      return update<typeof mapped>(mapped, { name: renamed(mapped.name, variables) });
    case 'store':
      return update(mapped, { buffer: renamed(mapped.buffer, buffers) });
    case 'block':
      return renameBlock(mapped, renaming);
    default:
      return mapped;
  }
}

const renameBlock = (block: Block, renaming: Renaming): Block =>
  update(block, {
    name: renamed(block.name, renaming.blocks),
    iters: mapList(block.iters, (iter) =>
      update(iter, { name: renamed(iter.name, renaming.variables), extent: renameDim(iter.extent, renaming) }),
    ),
  });

export const renameExpr = (expr: Expr, { buffers, variables }: Renaming): Expr =>
  rewriteExpr(expr, (node) => {
    if (node.kind === 'var') return update(node, { name: renamed(node.name, variables) });
    return node.kind === 'load' ? update(node, { buffer: renamed(node.buffer, buffers) }) : node;
  });
