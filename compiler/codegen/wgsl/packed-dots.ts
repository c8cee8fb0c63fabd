import { exprKey } from '../../../ir/tensor/expr-key.ts';
import type { Assign, Expr, Stmt, TensorFunc, Var } from '../../../ir/tensor/tensor-func.ts';
import { lanesOf } from '../../../ir/tensor/typing.ts';
import { walkExpr } from '../../../ir/tensor/visit.ts';
import { emitExpr } from './expressions.ts';
import type { KernelContext } from './kernel-context.ts';
import { components, LANES } from './value-type.ts';

type Byte = 'i8' | 'u8';

/** Four steps of a sum of products of bytes: of neighbours in a row, and of four vectors of columns. */
interface PackedDot {
  readonly sums: readonly Assign[];
  readonly row: Packed<Var>;
  readonly columns: Packed<readonly Expr[]>;
}

/** What is packed into words, under a name that all sums that need it know. */
interface Packed<Of> {
  readonly dtype: Byte;
  readonly of: Of;
  readonly name: string;
}

/** What becomes of assignments that add products of bytes. */
export interface PackedDots {
  /** The last of four, which adds them all, and what it packs for itself and those that come later. */
  readonly dots: ReadonlyMap<Assign, PackedDot & { readonly packs: ReadonlySet<string> }>;
  /** The others. */
  readonly skipped: ReadonlySet<Assign>;
}

export const noPackedDots: PackedDots = { dots: new Map(), skipped: new Set() };

/** To pack four bytes takes about three instructions where the device has none for it: fewer rows do not save them. */
const leastRows = 4;

/**
 * Finds sums of products of bytes in which four neighbours of a row, loaded as one vector, are multiplied by four vectors:
 * between the first and the last of these only values are named and other such sums made, so that all can be added where
 * the last is.
 *
 *   c := c + a.x * b0   …   c := c + a.w * b3     →     c := c + dot4(a, b0 … b3)
 */
export function findPackedDots({ body }: TensorFunc): PackedDots {
  const dots = new Map<Assign, PackedDot & { readonly packs: ReadonlySet<string> }>();
  const skipped = new Set<Assign>();
  const values = new Map<string, Expr>();
  let [open, found]: [Map<string, Product[]>, PackedDot[]] = [new Map(), []];
  let count = 0;

  /** Ends a run of statements over which sums can be put together. */
  const close = (): void => {
    const rows = Map.groupBy(found, ({ columns }) => columns.name);
    const packed = new Set<string>();
    for (const dot of found.filter(({ columns }) => (rows.get(columns.name)?.length ?? 0) >= leastRows)) {
      const last = dot.sums.at(-1) as Assign;
      dots.set(last, { ...dot, packs: new Set([dot.row.name, dot.columns.name].filter((name) => !packed.has(name))) });
      for (const sum of dot.sums) if (sum !== last) skipped.add(sum);
      packed.add(dot.row.name).add(dot.columns.name);
    }
    [open, found] = [new Map(), []];
  };

  const names = new Map<string, string>();
  /** Distinct from all names of the IR, which have no space. */
  const nameOf = (kind: 'row' | 'columns', key: string): string => {
    const known = names.get(`${kind} ${key}`) ?? `${kind} ${++count}`;
    names.set(`${kind} ${key}`, known);
    return known;
  };

  const add = (product: Product): void => {
    const key = `${product.sum.name} ${product.row.name}`;
    const products = [...(open.get(key) ?? []), product].toSorted((a, b) => a.lane - b.lane);
    open.set(key, products);
    const isWhole =
      products.length === LANES && products.every(({ lane, dtype }, i) => lane === i && dtype === product.dtype);
    if (!isWhole) return;
    open.delete(key);
    const columns = products.map(({ column }) => column);
    found.push({
      sums: [...products.map(({ sum }) => sum).filter((sum) => sum !== product.sum), product.sum],
      row: { dtype: product.row.dtype as Byte, of: product.row, name: nameOf('row', product.row.name) },
      columns: { dtype: product.dtype, of: columns, name: nameOf('columns', columns.map(exprKey).join()) },
    });
  };

  const isOpen = (expr: Expr): boolean => {
    let isRead = false;
    walkExpr(expr, (node) => {
      isRead ||= node.kind === 'var' && [...open.keys()].some((key) => key.startsWith(`${node.name} `));
    });
    return isRead;
  };

  const visit = (stmt: Stmt): void => {
    switch (stmt.kind) {
      case 'seq':
        stmt.stmts.forEach(visit);
        return;
      case 'let':
        if (isOpen(stmt.value)) close();
        if (!stmt.mutable) values.set(stmt.name, stmt.value);
        visit(stmt.body);
        return;
      case 'assign': {
        const product = productOf(stmt, values);
        if (product === undefined) close();
        else add(product);
        return;
      }
      default:
        close();
        if (stmt.kind === 'for') visit(stmt.body);
        if (stmt.kind === 'if') {
          visit(stmt.then);
          close();
          if (stmt.else !== undefined) visit(stmt.else);
        }
        close();
    }
  };
  visit(body);
  close();
  return { dots, skipped };
}

/** A product that an assignment adds: of an element of a row, in every lane, and a vector of bytes, widened. */
interface Product {
  readonly sum: Assign;
  readonly row: Var;
  readonly lane: number;
  readonly column: Expr;
  readonly dtype: Byte;
}

function productOf(sum: Assign, values: ReadonlyMap<string, Expr>): Product | undefined {
  const { value } = sum;
  if (value.kind !== 'binary' || value.op !== 'add' || value.dtype !== 'i32' || lanesOf(value) !== LANES)
    return undefined;
  const { left, right } = value;
  if (left.kind !== 'var' || left.name !== sum.name || right.kind !== 'binary' || right.op !== 'mul') return undefined;
  return factorsOf(sum, right.left, right.right, values) ?? factorsOf(sum, right.right, right.left, values);
}

function factorsOf(sum: Assign, splat: Expr, column: Expr, values: ReadonlyMap<string, Expr>): Product | undefined {
  const resolve = (expr: Expr): Expr => {
    const value = expr.kind === 'var' ? values.get(expr.name) : undefined;
    return value === undefined ? expr : resolve(value);
  };
  const spread = resolve(splat);
  const element = spread.kind === 'broadcast' ? byteIn(resolve(spread.value)) : undefined;
  const part = element && resolve(element);
  const bytes = byteIn(resolve(column));
  if (part?.kind !== 'extract' || bytes === undefined || lanesOf(column) !== LANES) return undefined;
  const row = part.vector;
  // A name whose value does not change.
  if (row.kind !== 'var' || !values.has(row.name) || row.lanes !== LANES) return undefined;
  return { sum, row, lane: part.lane, column, dtype: bytes.dtype as Byte };
}

/** What is widened to 32 bits, where it is of 8. */
const byteIn = (expr: Expr): Expr | undefined =>
  expr.kind === 'cast' && expr.dtype === 'i32' && (expr.operand.dtype === 'i8' || expr.operand.dtype === 'u8')
    ? expr.operand
    : undefined;

/** By how much bytes without a sign are less where they are taken for bytes with one; the bits that this flips. */
const [offset, signs, ones] = [128, '0x80808080u', '0x01010101u'];

/**
 * The lines of four sums at once. Where one side has a sign and the other has none, that one is taken less 128, and the
 * products of 128 are added.
 */
export function emitPackedDot(
  k: KernelContext,
  { sums: [first], row, columns, packs }: PackedDot & { readonly packs: ReadonlySet<string> },
): readonly string[] {
  k.used.add('packed_4x8_integer_dot_product');
  const [a, b, rest] = [k.nameOf(row.name), k.nameOf(columns.name), k.nameOf(`${columns.name} rest`)];
  const isMixed = row.dtype !== columns.dtype;
  const flip = (text: string, dtype: Byte): string => (isMixed && dtype === 'u8' ? `${text} ^ ${signs}` : text);
  const dot = row.dtype === 'u8' && !isMixed ? 'dot4U8Packed' : 'dot4I8Packed';
  const byColumn = (text: (component: string) => string): string => components.map(text).join(', ');
  const lines: string[] = [];
  if (packs.has(row.name))
    lines.push(`let ${a} = ${flip(`pack4x${row.dtype === 'i8' ? 'I' : 'U'}8(${k.nameOf(row.of.name)})`, row.dtype)};`);
  if (packs.has(columns.name)) {
    const vectors = columns.of.map((column, step) => {
      if (column.kind === 'var') return k.nameOf(column.name);
      const name = k.nameOf(`${columns.name} step ${step}`);
      lines.push(`let ${name} = ${emitExpr(k, column)};`);
      return name;
    });
    const word = (component: string): string =>
      flip(`pack4xI8(vec4i(${vectors.map((vector) => `${vector}.${component}`).join(', ')}))`, columns.dtype);
    lines.push(`let ${b} = vec4u(${byColumn(word)});`);
    if (isMixed && row.dtype === 'u8')
      lines.push(`let ${rest} = ${offset} * vec4i(${byColumn((one) => `dot4I8Packed(${ones}, ${b}.${one})`)});`);
  }
  const products = byColumn((one) => `${dot}(${a}, ${b}.${one})`);
  const sum = dot === 'dot4U8Packed' ? `vec4i(vec4u(${products}))` : `vec4i(${products})`;
  const correction = !isMixed ? '' : row.dtype === 'u8' ? ` + ${rest}` : ` + ${offset} * dot4I8Packed(${a}, ${ones})`;
  lines.push(`${k.nameOf((first as Assign).name)} += ${sum}${correction};`);
  return lines;
}
