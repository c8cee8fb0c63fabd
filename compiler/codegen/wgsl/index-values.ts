import { add, int, mul, sub, variable } from '../../../ir/tensor/build.ts';
import type { Expr, Let, Stmt, Var } from '../../../ir/tensor/tensor-func.ts';
import type { FreshName } from '../../tensor-passes/names.ts';
import { type Atom, type Monomial, type Polynomial, sumOf, variablePart } from '../polynomial.ts';
import { outermost, type Scope, type Scopes } from './scopes.ts';

/** An index where it is used. */
export interface IndexUse {
  readonly polynomial: Polynomial;
  readonly scope: Scope;
  /** How often its text would stand there. */
  readonly times: number;
  /** What a name for it is made from. */
  readonly base: string;
}

/** What becomes of the parts of an expression that is no sum or product, in a scope. */
type Inside = (expr: Expr, scope: Scope) => Expr;

/** The values of a function's indices: all uses are counted before the first is formed. */
export interface IndexValues {
  readonly count: (use: IndexUse, inside: Inside) => void;
  /** The expression of an index, in which values that occur again have names. */
  readonly form: (use: IndexUse, inside: Inside) => Expr;
  /** The body of a scope, inside of the names that were given in it. */
  readonly close: (scope: Scope, body: Stmt) => Stmt;
}

/** A part of indices that is known, and does not change, in a scope: a sum without its constant, or what is none. */
interface Value {
  readonly scope: Scope;
  readonly base: string;
  readonly formula: Sum | Atom;
  uses: number;
  /** Whether it is used in a loop that does not change it. */
  isHoisted: boolean;
  name?: Var;
}

interface Sum {
  /** What of it is known outside of the innermost loop. */
  readonly outer: Value | undefined;
  readonly own: readonly Monomial[];
}

const isSum = (formula: Sum | Atom): formula is Sum => 'own' in formula;

export function indexValues(scopes: Scopes, fresh: FreshName): IndexValues {
  const values = new Map<string, Value>();
  const lets = new Map<Scope, Omit<Let, 'body'>[]>();

  const valueOf = (key: string, scope: Scope, base: string, formula: Sum | Atom): Value => {
    const value = values.get(key) ?? { scope, base, formula, uses: 0, isHoisted: false };
    values.set(key, value);
    return value;
  };

  /** Undefined for what is known at the place of its use only. */
  const scopeOf = (atoms: readonly Atom[]): Scope | undefined => {
    if (atoms.some(({ hasLoad }) => hasLoad)) return undefined;
    const found = atoms.flatMap(({ vars }) => [...vars].map((name) => scopes.get(name)));
    return found.reduce<Scope | undefined>((a, b) => a && b && (a.depth > b.depth ? a : b), outermost);
  };

  function sumValue(monomials: readonly Monomial[], base: string): Value {
    const placed = monomials.map((one) => ({ one, scope: scopeOf(one.atoms) as Scope }));
    const scope = placed.map((item) => item.scope).reduce((a, b) => (a.depth > b.depth ? a : b));
    const outside = placed.flatMap((item) => (item.scope.level < scope.level ? [item.one] : []));
    const own = placed.flatMap((item) => (item.scope.level < scope.level ? [] : [item.one]));
    const outer = outside.length === 0 ? undefined : sumValue(outside, base);
    return valueOf(variablePart(sumOf(0, monomials)), scope, base, { outer, own });
  }

  /** What of an index is known in some scope, and what at the place of its use only. */
  function takeApart({ polynomial: { monomials }, base }: IndexUse) {
    const known = [...monomials.values()].filter(({ atoms }) => scopeOf(atoms) !== undefined);
    const rest = [...monomials.values()].filter(({ atoms }) => scopeOf(atoms) === undefined);
    return { known: known.length === 0 ? undefined : sumValue(known, base), rest };
  }

  function countAtom(atom: Atom, scope: Scope, times: number, inside: Inside): void {
    if (atom.expr.kind === 'var') return;
    const own = scopeOf([atom]);
    if (own === undefined) inside(atom.expr, scope);
    else countValue(valueOf(atom.key, own, 'i', atom), scope, times, inside);
  }

  function countValue(value: Value, scope: Scope, times: number, inside: Inside): void {
    const { formula } = value;
    const isNew = value.uses === 0;
    value.uses += times;
    value.isHoisted ||= value.scope.level < scope.level;
    if (isProduct(formula)) for (const atom of formula.own[0]?.atoms ?? []) countAtom(atom, scope, times, inside);
    else if (isNew && isSum(formula)) {
      if (formula.outer !== undefined) countValue(formula.outer, value.scope, 1, inside);
      for (const { atoms } of formula.own) for (const atom of atoms) countAtom(atom, value.scope, 1, inside);
    } else if (isNew && !isSum(formula)) inside(formula.expr, value.scope);
  }

  const formAtom = (atom: Atom, scope: Scope, inside: Inside): Expr => {
    if (atom.expr.kind === 'var') return atom.expr;
    const value = values.get(atom.key);
    return value === undefined ? inside(atom.expr, scope) : formValue(value, inside);
  };

  function formSum(terms: readonly (Expr | Monomial)[], scope: Scope, inside: Inside): Expr | undefined {
    return terms.reduce<Expr | undefined>((sum, term) => {
      if ('kind' in term) return sum === undefined ? term : add(sum, term);
      const factors = term.atoms.map((atom) => formAtom(atom, scope, inside));
      const isTaken = sum !== undefined && term.coefficient < 0;
      const coefficient = isTaken ? -term.coefficient : term.coefficient;
      const product = [...factors, ...(coefficient === 1 ? [] : [int(coefficient)])].reduce(mul);
      return sum === undefined ? product : isTaken ? sub(sum, product) : add(sum, product);
    }, undefined);
  }

  function formValue(value: Value, inside: Inside): Expr {
    if (value.name !== undefined) return value.name;
    const { formula, scope } = value;
    const outer = isSum(formula) && formula.outer !== undefined ? [formValue(formula.outer, inside)] : [];
    const expr = isSum(formula)
      ? (formSum([...outer, ...formula.own], scope, inside) as Expr)
      : inside(formula.expr, scope);
    if (isProduct(formula) || (value.uses < 2 && !value.isHoisted)) return expr;
    value.name = variable(fresh(value.base));
    lets.set(scope, [...(lets.get(scope) ?? []), { kind: 'let', name: value.name.name, mutable: false, value: expr }]);
    return value.name;
  }

  return {
    count: (use, inside) => {
      const { known, rest } = takeApart(use);
      if (known !== undefined) countValue(known, use.scope, use.times, inside);
      for (const { atoms } of rest) for (const atom of atoms) countAtom(atom, use.scope, use.times, inside);
    },
    form: (use, inside) => {
      const { known, rest } = takeApart(use);
      const { constant } = use.polynomial;
      const sum = formSum([...(known === undefined ? [] : [formValue(known, inside)]), ...rest], use.scope, inside);
      if (sum === undefined || constant === 0) return sum ?? int(constant);
      return constant < 0 ? sub(sum, int(-constant)) : add(sum, int(constant));
    },
    close: (scope, body) =>
      (lets.get(scope) ?? []).reduceRight<Stmt>((inner, head): Let => ({ ...head, body: inner }), body),
  };
}

/** Forming a single product again costs no more than its name. */
const isProduct = (formula: Sum | Atom): formula is Sum =>
  isSum(formula) && formula.outer === undefined && formula.own.length === 1;
