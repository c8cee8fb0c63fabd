import type { Buffer, Stmt, TensorFunc } from '../ir/tensor/tensor-func.ts';
import { isThreadAxis } from '../ir/tensor/typing.ts';
import { rewrite, update, walk } from '../ir/tensor/visit.ts';

/** A scheduled function as functions that run one after the other. */
export interface Phases {
  /** Each is one parallel loop, or has none on the outside. Their buffers have the names that they have in the function. */
  readonly funcs: readonly TensorFunc[];
  /** The temporaries that one phase leaves for another: an output of the first, an input of the other. */
  readonly shared: readonly Buffer[];
}

/**
 * Cuts a scheduled function where threads, or a GPU's workgroups, have to wait for one another: before and after each
 * parallel loop, or loop over these, that stands under no other. So a phase is shared by threads as a whole, or run by one of them, and no thread waits inside of it.
 * A parallel loop under a serial one is run by one thread.
 *
 *   func @f { for i in 64 parallel { S }  for j in 32 parallel { T } }   →   @f { for i … }   @f/2 { for j … }
 */
export function splitPhases(func: TensorFunc): Phases {
  const bodies = groupStmts(func.body.kind === 'seq' ? func.body.stmts : [func.body]);
  const uses = bodies.map(usesOf);
  const isShared = ({ name }: Buffer): boolean => uses.filter((use) => touches(use, name)).length > 1;
  const shared = func.temps.filter(isShared).map((temp) => update(temp, { scope: 'global' }));
  const [body] = bodies;
  if (bodies.length === 1 && body !== undefined) return { funcs: [update(func, { body })], shared };
  const funcs = bodies.map((stmt, i): TensorFunc => {
    const { reads, writes } = uses[i] as Uses;
    const operands = [...func.inputs, ...func.outputs, ...shared];
    return {
      name: i === 0 ? func.name : `${func.name}/${i + 1}`,
      sizes: func.sizes,
      inputs: operands.filter(({ name }) => reads.has(name) && !writes.has(name)),
      outputs: operands.filter(({ name }) => writes.has(name)),
      temps: func.temps.filter((temp) => touches(uses[i] as Uses, temp.name) && !isShared(temp)),
      body: stmt,
    };
  });
  return { funcs, shared };
}

/** Parallel loops by themselves, all that stands between two of them together. */
function groupStmts(stmts: readonly Stmt[]): readonly Stmt[] {
  const groups: Stmt[] = [];
  let serial: Stmt[] = [];
  const close = (): void => {
    if (serial.length > 0)
      groups.push(serialized(serial.length === 1 ? (serial[0] as Stmt) : { kind: 'seq', stmts: serial }));
    serial = [];
  };
  for (const stmt of stmts) {
    if (!isParallel(stmt)) {
      serial.push(stmt);
      continue;
    }
    close();
    groups.push(stmt);
  }
  close();
  return groups.length === 0 ? [{ kind: 'seq', stmts: [] }] : groups;
}

const isParallel = (stmt: Stmt): boolean =>
  stmt.kind === 'for' &&
  (isThreadAxis(stmt.loopKind) || (stmt.loopKind === 'parallel' && stmt.extent.kind === 'const'));

const serialized = (stmt: Stmt): Stmt =>
  rewrite(stmt, {
    expr: (expr) => expr,
    stmt: (node) => (node.kind === 'for' && node.loopKind === 'parallel' ? update(node, { loopKind: 'serial' }) : node),
  });

interface Uses {
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
}

const touches = ({ reads, writes }: Uses, name: string): boolean => reads.has(name) || writes.has(name);

function usesOf(stmt: Stmt): Uses {
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
