import { type Dim, isStatic, type Shape } from '../../ir/dim.ts';
import type { DType } from '../../ir/dtype.ts';
import { invariant } from '../../ir/errors.ts';
import type { NodeOf, TensorType, Value } from '../../ir/graph/graph.ts';
import type { OpName } from '../../ir/graph/op-attrs.ts';
import { add, block, buffer, cast, dimExpr, int, load, loops, store, variable } from '../../ir/tensor/build.ts';
import type { Annotations, Buffer, Expr, Iter, Stmt } from '../../ir/tensor/tensor-func.ts';

/** How one operator becomes blocks: it reads its operands' buffers and writes its results'. */
export type Lowering<K extends OpName> = (node: NodeOf<K>, context: LoweringContext) => void;

/** An operand: its type and how an element is read. */
export interface Operand {
  readonly type: TensorType;
  readonly at: (indices: readonly Expr[]) => Expr;
}

/** A named iteration space; `body` receives the variables' expressions in the order of the axes. */
export interface Domain {
  readonly spatial: Shape;
  readonly reduce?: Shape;
}

/** What a block computes at one point of its domain. */
export interface BlockBody {
  readonly init?: Stmt;
  readonly body: Stmt;
}

/** Where in a larger buffer a value stands: its first element. */
interface Place {
  readonly buffer: Buffer;
  readonly start: readonly number[];
}

export class LoweringContext {
  readonly #buffers = new Map<string, Buffer>();
  readonly #names = new Set<string>();
  readonly #stmts: Stmt[] = [];
  readonly #temps: Buffer[] = [];
  readonly #types = new Map<string, TensorType>();
  readonly #scalars = new Map<string, Expr>();
  readonly #places = new Map<string, Place>();

  /** Declares the buffer of a value that comes from or goes to the outside. */
  declare(value: string, type: TensorType, name: string): Buffer {
    const declared = buffer(this.fresh(name), type.dtype, type.shape);
    this.#buffers.set(value, declared);
    this.#types.set(value, type);
    return declared;
  }

  /** Declares a value of one element that stands in the code. */
  declareScalar(value: string, type: TensorType, scalar: Expr): void {
    this.#types.set(value, type);
    this.#scalars.set(value, scalar);
  }

  /** Lets a value have no buffer of its own, but stand within that of another. */
  place({ name, type }: Value, within: string, start: readonly number[]): void {
    const found = this.#buffers.get(within);
    invariant(found !== undefined, `no buffer for value ${within}`);
    this.#types.set(name, type);
    this.#places.set(name, { buffer: found, start });
  }

  isPlaced(value: string): boolean {
    return this.#places.has(value);
  }

  fresh(base: string): string {
    let name = base;
    for (let i = 1; this.#names.has(name); i++) name = `${base}_${i}`;
    this.#names.add(name);
    return name;
  }

  operand(value: string): Operand {
    const [type, source, scalar] = [this.#types.get(value), this.#buffers.get(value), this.#scalars.get(value)];
    if (type !== undefined && scalar !== undefined) return { type, at: () => scalar };
    invariant(type !== undefined && source !== undefined, `no buffer for value ${value}`);
    return { type, at: (indices) => load(source, indices) };
  }

  /** The buffer that a node's result is written to: the group's output, or a temporary of this function. */
  result(node: NodeOf<OpName>, index = 0): Buffer {
    const value = node.outputs[index];
    invariant(value !== undefined, `${node.name} has no result ${index}`);
    const known = this.#buffers.get(value.name);
    if (known !== undefined) return known;
    const temp = this.declare(value.name, value.type, `${node.op}_out`);
    this.#temps.push(temp);
    return temp;
  }

  /** Stores an element of a node's result, which may be placed within another. */
  storeElement(node: NodeOf<OpName>, indices: readonly Expr[], element: Expr): Stmt {
    const place = this.#places.get(node.outputs[0]?.name ?? '');
    if (place === undefined) return store(this.result(node), indices, element);
    const moved = indices.map((index, axis) => add(index, int(place.start[axis] as number)));
    return store(place.buffer, moved, element);
  }

  temp(name: string, type: TensorType): Buffer {
    const temp = buffer(this.fresh(name), type.dtype, type.shape);
    this.#temps.push(temp);
    return temp;
  }

  /**
   * Adds a block in loops of its own. Axes of extent 1 get no loop: their index is 0. The variables of `reduce` follow
   * those of `spatial`. `annotations` are for a rule that schedules the block.
   */
  block(
    op: string,
    domain: Domain,
    body: (spatial: readonly Expr[], reduce: readonly Expr[]) => BlockBody,
    annotations?: Annotations,
  ): void {
    const name = this.fresh(op);
    const iters: Iter[] = [];
    const vars: [string, Dim][] = [];
    const variables = (shape: Shape, kind: Iter['kind'], prefix: string): Expr[] =>
      shape.map((extent, axis) => {
        if (extent === 1) return int(0);
        const loopVar = this.fresh(`${name}_${prefix}${axis}`);
        const iter = this.fresh(`${name}_v${prefix}${axis}`);
        vars.push([loopVar, extent]);
        iters.push({ name: iter, kind, extent, value: variable(loopVar) });
        return variable(iter);
      });
    const spatial = variables(domain.spatial, 'spatial', 'i');
    const reduce = variables(domain.reduce ?? [], 'reduce', 'k');
    const computed = block({ name, iters, ...(annotations && { annotations }), ...body(spatial, reduce) });
    this.#stmts.push(loops(vars, computed));
  }

  /** A block that gives each element of a node's result as an expression of its index. */
  compute(node: NodeOf<OpName>, element: (indices: readonly Expr[]) => Expr): void {
    const target = this.result(node);
    this.block(node.op, { spatial: target.shape }, (indices) => ({ body: store(target, indices, element(indices)) }));
  }

  /**
   * A reduction into a node's result: `combine(old, …)` over the reduce domain, from `identity`, whose dtype is that of
   * the running total.
   */
  reduce(
    node: NodeOf<OpName>,
    domain: Shape,
    identity: Expr,
    combine: (old: Expr, spatial: readonly Expr[], reduce: readonly Expr[]) => Expr,
  ): void {
    // A block that no instance of runs has no init either.
    const isEmpty = domain.includes(0);
    this.accumulate(node, identity.dtype, (total) =>
      isEmpty
        ? this.block(node.op, { spatial: total.shape }, (at) => ({ body: store(total, at, identity) }))
        : this.block(node.op, { spatial: total.shape, reduce: domain }, (spatial, reduce) => ({
            init: store(total, spatial, identity),
            body: store(total, spatial, combine(load(total, spatial), spatial, reduce)),
          })),
    );
  }

  /** Computes a node's result in another dtype, in a temporary of its own, which is rounded to the result at the end. */
  accumulate(node: NodeOf<OpName>, dtype: DType, write: (total: Buffer) => void): void {
    const target = this.result(node);
    if (dtype === target.dtype) {
      write(target);
      return;
    }
    const total = this.temp(`${node.op}_total`, { dtype, shape: target.shape });
    write(total);
    this.block('round', { spatial: target.shape }, (indices) => ({
      body: store(target, indices, cast(load(total, indices), target.dtype)),
    }));
  }

  /** What was lowered so far: statements in order, and temporaries. */
  finish(): { readonly stmts: readonly Stmt[]; readonly temps: readonly Buffer[] } {
    return { stmts: this.#stmts, temps: this.#temps };
  }
}

/** The dtype of running sums and products: those of f16 are kept in f32, and rounded once. */
export const accumulatorOf = (dtype: DType): DType => (dtype === 'f16' ? 'f32' : dtype);

/** The index into an operand that numpy's broadcasting gives for an index into the result. */
export function broadcastIndices(operand: Shape, indices: readonly Expr[]): readonly Expr[] {
  const skipped = indices.length - operand.length;
  return operand.map((dim, axis) => (dim === 1 ? int(0) : (indices[axis + skipped] as Expr)));
}

export function staticDim(dim: Dim | undefined): number {
  invariant(dim !== undefined && isStatic(dim), 'a dimension must be bound here');
  return dim;
}

export const axisSize = (type: TensorType, axis: number): Expr => dimExpr(type.shape[axis] as Dim);
