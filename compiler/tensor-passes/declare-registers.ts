import { assertNever } from '../../ir/errors.ts';
import { broadcast, constant, seq } from '../../ir/tensor/build.ts';
import type { Expr, For, If, Let, Seq, Stmt, Var } from '../../ir/tensor/tensor-func.ts';
import { update, walkExpr } from '../../ir/tensor/visit.ts';

/** What a statement does first with a register: a definite write, or anything that may see an older value. */
type First = 'write' | 'other';
type Uses = ReadonlyMap<string, First>;

interface Context {
  readonly registers: ReadonlyMap<string, Var>;
  readonly uses: Map<Stmt, Uses>;
}

/**
 * Declares registers (mutable lets) around as little as holds all their uses: inside of a loop only where each
 * iteration writes the register before it reads it. The first assignment becomes the initial value, else it is zero.
 */
export function declareRegisters(stmt: Stmt, registers: ReadonlyMap<string, Var>): Stmt {
  const context = { registers, uses: new Map() };
  return declare(stmt, [...usesOf(stmt, context).keys()], context);
}

function usesOf(stmt: Stmt, context: Context): Uses {
  const known = context.uses.get(stmt);
  if (known !== undefined) return known;
  const found = findUses(stmt, context);
  context.uses.set(stmt, found);
  return found;
}

function findUses(stmt: Stmt, context: Context): Uses {
  switch (stmt.kind) {
    case 'seq':
      return merge(stmt.stmts.map((child) => usesOf(child, context)));
    case 'for': {
      const runs = stmt.extent.kind === 'const' && Number(stmt.extent.value) > 0;
      const body = usesOf(stmt.body, context);
      return merge([readsOf([stmt.extent], context), runs ? body : uncertain(body)]);
    }
    case 'if':
      return merge([readsOf([stmt.cond], context), branchUses(stmt, context)]);
    case 'let':
      return merge([readsOf([stmt.value], context), usesOf(stmt.body, context)]);
    case 'store':
      return readsOf([...stmt.indices, stmt.value], context);
    case 'assign': {
      const written: Uses = context.registers.has(stmt.name) ? new Map([[stmt.name, 'write']]) : new Map();
      return merge([readsOf([stmt.value], context), written]);
    }
    case 'block':
      return usesOf(stmt.body, context);
    default:
      return assertNever(stmt);
  }
}

function branchUses(stmt: If, context: Context): Uses {
  const then = usesOf(stmt.then, context);
  const otherwise: Uses = stmt.else === undefined ? new Map() : usesOf(stmt.else, context);
  const names = new Set([...then.keys(), ...otherwise.keys()]);
  const both = (name: string): First =>
    then.get(name) === 'write' && otherwise.get(name) === 'write' ? 'write' : 'other';
  return new Map([...names].map((name) => [name, both(name)]));
}

const uncertain = (uses: Uses): Uses => new Map([...uses.keys()].map((name) => [name, 'other']));

/** Uses in the order in which they happen. */
function merge(parts: readonly Uses[]): Uses {
  const merged = new Map<string, First>();
  for (const part of parts) for (const [name, first] of part) if (!merged.has(name)) merged.set(name, first);
  return merged;
}

function readsOf(exprs: readonly Expr[], { registers }: Context): Uses {
  const reads = new Map<string, First>();
  for (const expr of exprs) {
    walkExpr(expr, (node) => {
      if (node.kind === 'var' && registers.has(node.name)) reads.set(node.name, 'other');
    });
  }
  return reads;
}

function declare(stmt: Stmt, names: readonly string[], context: Context): Stmt {
  if (names.length === 0) return stmt;
  switch (stmt.kind) {
    case 'seq':
      return declareInSeq(stmt, names, context);
    case 'for':
      return declareInFor(stmt, names, context);
    case 'if':
      return declareInIf(stmt, names, context);
    case 'let':
      return declareInLet(stmt, names, context);
    case 'store':
    case 'assign':
    case 'block':
      return wrap(names, [stmt], context);
    default:
      return assertNever(stmt);
  }
}

function declareInFor(stmt: For, names: readonly string[], context: Context): Stmt {
  const body = usesOf(stmt.body, context);
  const extent = readsOf([stmt.extent], context);
  // Iterations that run at the same time hand nothing on.
  const isAnew = (name: string) => stmt.loopKind === 'parallel' || body.get(name) === 'write';
  const inside = names.filter((name) => isAnew(name) && !extent.has(name));
  const outside = names.filter((name) => !inside.includes(name));
  const inner = update(stmt, { body: declare(stmt.body, inside, context) });
  return wrap(outside, [inner], context);
}

function declareInIf(stmt: If, names: readonly string[], context: Context): Stmt {
  const cond = readsOf([stmt.cond], context);
  const then = usesOf(stmt.then, context);
  const otherwise: Uses = stmt.else === undefined ? new Map() : usesOf(stmt.else, context);
  const only = (uses: Uses, other: Uses) =>
    names.filter((name) => !cond.has(name) && uses.has(name) && !other.has(name));
  const [inThen, inElse] = [only(then, otherwise), only(otherwise, then)];
  const branches = { then: declare(stmt.then, inThen, context) };
  const inner = update(
    stmt,
    stmt.else === undefined ? branches : { ...branches, else: declare(stmt.else, inElse, context) },
  );
  return wrap(
    names.filter((name) => !inThen.includes(name) && !inElse.includes(name)),
    [inner],
    context,
  );
}

function declareInLet(stmt: Let, names: readonly string[], context: Context): Stmt {
  const value = readsOf([stmt.value], context);
  const inside = names.filter((name) => !value.has(name));
  const inner = update(stmt, { body: declare(stmt.body, inside, context) });
  return wrap(
    names.filter((name) => value.has(name)),
    [inner],
    context,
  );
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly names: readonly string[];
}

function declareInSeq(stmt: Seq, names: readonly string[], context: Context): Stmt {
  const spans = names.map((name) => spanOf(stmt, name, context));
  const wide = mergeSpans(spans.filter((span) => span.from < span.to));
  const covered = (at: number) => wide.some((span) => span.from <= at && at <= span.to);
  const children = stmt.stmts.map((child, at) => {
    const own = spans.filter((span) => span.from === at && span.to === at).flatMap((span) => span.names);
    return declare(child, own, context);
  });
  const parts: Stmt[] = [];
  children.forEach((child, at) => {
    const span = wide.find((candidate) => candidate.from === at);
    if (span !== undefined) parts.push(wrap(span.names, children.slice(span.from, span.to + 1), context));
    else if (!covered(at)) parts.push(child);
  });
  return seq(parts);
}

function spanOf(stmt: Seq, name: string, context: Context): Span {
  const isUser = (child: Stmt) => usesOf(child, context).has(name);
  return { from: stmt.stmts.findIndex(isUser), to: stmt.stmts.findLastIndex(isUser), names: [name] };
}

/** Spans that overlap become one. */
function mergeSpans(spans: readonly Span[]): readonly Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const last = merged.at(-1);
    if (last === undefined || span.from > last.to) merged.push(span);
    else
      merged[merged.length - 1] = {
        from: last.from,
        to: Math.max(last.to, span.to),
        names: [...last.names, ...span.names],
      };
  }
  return merged;
}

/** The registers around statements; assignments that lead the statements become their initial values. */
function wrap(names: readonly string[], stmts: readonly Stmt[], context: Context): Stmt {
  if (names.length === 0) return seq(stmts);
  const pending = new Set(names);
  const initial: { readonly name: string; readonly value: Expr }[] = [];
  let start = 0;
  for (const stmt of stmts.flatMap((child) => (child.kind === 'seq' ? child.stmts : [child]))) {
    if (stmt.kind !== 'assign' || !pending.has(stmt.name)) break;
    if ([...readsOf([stmt.value], context).keys()].some((name) => pending.has(name))) break;
    pending.delete(stmt.name);
    initial.push({ name: stmt.name, value: stmt.value });
    start++;
  }
  const rest = stmts.flatMap((child) => (child.kind === 'seq' ? child.stmts : [child])).slice(start);
  const zeros = [...pending].map((name) => ({ name, value: zeroOf(name, context) }));
  return [...initial, ...zeros].reduceRight<Stmt>(
    (body, { name, value }) => ({ kind: 'let', name, mutable: true, value, body }),
    seq(rest),
  );
}

function zeroOf(name: string, { registers }: Context): Expr {
  const register = registers.get(name);
  const dtype = register?.dtype ?? 'f32';
  const zero = constant(dtype === 'i64' || dtype === 'u64' ? 0n : 0, dtype);
  return register === undefined || register.lanes === 1 ? zero : broadcast(zero, register.lanes);
}
