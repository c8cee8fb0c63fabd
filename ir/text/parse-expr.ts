import type { IToken } from 'chevrotain';
import type { DType } from '../dtype.ts';
import { type BinaryOp, binaryOps, comparisons, type UnaryOp, unaryOps } from '../scalar.ts';
import { binary, bitcast, broadcast, constant, dot, extract, ramp, select, unary, variable } from '../tensor/build.ts';
import type { Expr, Load } from '../tensor/tensor-func.ts';
import { infix } from './infix.ts';
import { Infix, NumberLiteral, Quoted, symbols, ValueName, Word, wordToken } from './lexer.ts';
import { readScalar, splitNumber } from './literals.ts';
import { BaseParser } from './parse-base.ts';
import type { Named, Rule } from './parse-recovery.ts';
import { specialNumber } from './print-atoms.ts';

const isUnary = (op: string): op is UnaryOp => (unaryOps as readonly string[]).includes(op);
const isBinary = (op: string): op is BinaryOp => (binaryOps as readonly string[]).includes(op);
const infixRows = new Map(Array.from(infix, ([op, { symbol, precedence }]) => [symbol, { op, precedence }]));

const vectorForms = { ramp, broadcast, extract } as const;

/** An element of a buffer, and where its name stands. */
interface Access extends Named {
  readonly indices: readonly Expr[];
}

/** Expressions of the loop-level IR; see `printExpr` for their syntax. */
export abstract class ExprParser extends BaseParser {
  /** The dtypes of the buffers that are declared so far. */
  protected buffers = new Map<string, DType>();

  protected readonly expr: Rule<Expr> = this.RULE('expr', (): Expr => {
    const operands = [this.SUBRULE(this.#operand)];
    const operators: IToken[] = [];
    this.MANY(() => {
      operators.push(this.CONSUME(Infix));
      operands.push(this.SUBRULE2(this.#operand));
    });
    return operators.length === 0 ? (operands[0] as Expr) : this.ACTION(() => this.#fold(operands, operators));
  });

  /** Precedence climbing (Clarke 1986) over a flat list, so that a long sum needs no stack. */
  #fold(operands: readonly Expr[], operators: readonly IToken[]): Expr {
    let next = 0;
    const climb = (least: number): Expr => {
      let left = operands[next] as Expr;
      for (
        let row = rowOf(operators[next]);
        row !== undefined && row.precedence >= least;
        row = rowOf(operators[next])
      ) {
        next++;
        left = binary(row.op, left, climb(row.precedence + 1));
        this.#refuseChain(row.op, operators[next]);
      }
      return left;
    };
    return climb(0);
  }

  #refuseChain(op: BinaryOp, following: IToken | undefined): void {
    const row = rowOf(following);
    if (following === undefined || row === undefined || !comparisons.has(op) || !comparisons.has(row.op)) return;
    this.report('comparisons do not chain: put one of them in parentheses', following);
  }

  readonly #operand: Rule<Expr> = this.RULE(
    'operand',
    (): Expr =>
      this.OR({
        DEF: [
          { ALT: () => this.SUBRULE(this.#negative) },
          { ALT: () => this.#constant(this.CONSUME(NumberLiteral), false) },
          { ALT: () => this.SUBRULE(this.#word) },
          { ALT: () => this.SUBRULE(this.#quotedVariable) },
          { ALT: () => this.SUBRULE(this.#load) },
          { ALT: () => this.SUBRULE(this.#parenthesized) },
          { ALT: () => this.SUBRULE(this.#select) },
          { ALT: () => this.SUBRULE(this.#conversion) },
          { ALT: () => this.SUBRULE(this.#vector) },
        ],
        ERR_MSG: 'an expression',
      }),
  );

  readonly #negative: Rule<Expr> = this.RULE('negative', (): Expr => {
    this.CONSUME(symbols['-']);
    const token = this.OR({
      DEF: [{ ALT: () => this.CONSUME(NumberLiteral) }, { ALT: () => this.CONSUME(Word) }],
      ERR_MSG: 'a number',
    });
    return this.ACTION(() => this.#constant(token, true));
  });

  #constant(token: IToken, isNegative: boolean): Expr {
    const [digits, suffix] = splitNumber(token.image);
    const dtype = suffix === '' ? 'i32' : this.dtypeOf(token, suffix);
    const value = readScalar(digits, isNegative, dtype);
    if (value !== undefined) return constant(value, dtype);
    this.report(`${isNegative ? '-' : ''}${digits} is no value of ${dtype}`, token);
    return constant(0, dtype);
  }

  /** A call, a variable, or a number that is written as a word. */
  readonly #word: Rule<Expr> = this.RULE('word', (): Expr => {
    const token = this.CONSUME(Word);
    return this.OR([
      {
        ALT: () => {
          const operands = this.SUBRULE(this.#operands);
          return this.ACTION(() => this.#call(token, operands));
        },
      },
      { ALT: () => this.#typed(token.image, this.SUBRULE(this.#typeSuffix)) },
      { ALT: () => (specialNumber.test(token.image) ? this.#constant(token, false) : variable(token.image)) },
    ]);
  });

  readonly #quotedVariable: Rule<Expr> = this.RULE('quotedVariable', (): Expr => {
    const name = this.nameOf(this.CONSUME(Quoted));
    const type = this.OPTION(() => this.SUBRULE(this.#typeSuffix));
    return type === undefined ? variable(name) : this.#typed(name, type);
  });

  readonly #typeSuffix: Rule<IToken> = this.RULE('typeSuffix', (): IToken => {
    this.CONSUME(symbols[':']);
    return this.CONSUME(Word);
  });

  #typed(name: string, type: IToken): Expr {
    const [, word = type.image, lanes = '1'] = /^([a-z]+\d*)x(\d+)$/.exec(type.image) ?? [];
    return this.ACTION(() => variable(name, this.dtypeOf(type, word), Number(lanes)));
  }

  readonly #operands: Rule<readonly Expr[]> = this.RULE('operands', (): readonly Expr[] => {
    const operands: Expr[] = [];
    this.CONSUME(symbols['(']);
    this.MANY_SEP({ SEP: symbols[','], DEF: () => operands.push(this.SUBRULE(this.expr)) });
    this.CONSUME(symbols[')']);
    return operands;
  });

  #call(token: IToken, [first, second, ...others]: readonly Expr[]): Expr {
    const op = token.image;
    if (isUnary(op) && first !== undefined && second === undefined) return unary(op, first);
    if (isBinary(op) && first !== undefined && second !== undefined && others.length === 0) {
      return binary(op, first, second);
    }
    if (op === 'dot' && first !== undefined && second !== undefined && others.length === 0) return dot(first, second);
    const expected = isUnary(op) ? '1 operand' : '2 operands';
    this.report(
      isUnary(op) || isBinary(op) || op === 'dot' ? `${op} takes ${expected}` : `unknown operation ${op}`,
      token,
    );
    return first ?? constant(0, 'f32');
  }

  protected readonly access: Rule<Access> = this.RULE('access', (): Access => {
    const named = this.named(this.CONSUME(ValueName));
    const indices: Expr[] = [];
    this.CONSUME(symbols['[']);
    this.MANY_SEP({ SEP: symbols[','], DEF: () => indices.push(this.SUBRULE(this.expr)) });
    this.CONSUME(symbols[']']);
    return { ...named, indices };
  });

  /** The dtype of a buffer. */
  protected bufferDType({ name, token }: Named): DType {
    const dtype = this.buffers.get(name);
    if (dtype === undefined && !this.lostNames.has(name)) this.report(`unknown buffer ${token.image}`, token);
    return dtype ?? 'f32';
  }

  readonly #load: Rule<Expr> = this.RULE('load', (): Expr => {
    const access = this.SUBRULE(this.access);
    const dtype = this.ACTION(() => this.bufferDType(access));
    return { kind: 'load', dtype, buffer: access.name, indices: access.indices } satisfies Load;
  });

  readonly #parenthesized: Rule<Expr> = this.RULE('parenthesized', (): Expr => {
    this.CONSUME(symbols['(']);
    const expr = this.SUBRULE(this.expr);
    this.CONSUME(symbols[')']);
    return expr;
  });

  readonly #select: Rule<Expr> = this.RULE('select', (): Expr => {
    this.CONSUME(wordToken('select'));
    this.CONSUME(symbols['(']);
    const cond = this.SUBRULE1(this.expr);
    this.CONSUME1(symbols[',']);
    const then = this.SUBRULE2(this.expr);
    this.CONSUME2(symbols[',']);
    const otherwise = this.SUBRULE3(this.expr);
    this.CONSUME(symbols[')']);
    return select(cond, then, otherwise);
  });

  /** `cast<f32>(x)`. */
  readonly #conversion: Rule<Expr> = this.RULE('conversion', (): Expr => {
    const kind = this.OR([
      { ALT: () => this.CONSUME(wordToken('cast')) },
      { ALT: () => this.CONSUME(wordToken('bitcast')) },
    ]);
    this.CONSUME(symbols['<']);
    const dtype = this.dtypeOf(this.CONSUME(Word));
    this.CONSUME(symbols['>']);
    const operand = this.SUBRULE(this.#parenthesized);
    // Not the builder's `cast`, which leaves out a conversion that does nothing.
    return kind.image === 'cast' ? { kind: 'cast', dtype, operand } : bitcast(operand, dtype);
  });

  /** `ramp<4>(x)`. */
  readonly #vector: Rule<Expr> = this.RULE('vector', (): Expr => {
    const form = this.OR([
      { ALT: () => this.CONSUME(wordToken('ramp')) },
      { ALT: () => this.CONSUME(wordToken('broadcast')) },
      { ALT: () => this.CONSUME(wordToken('extract')) },
    ]);
    this.CONSUME(symbols['<']);
    const count = this.SUBRULE(this.integer);
    this.CONSUME(symbols['>']);
    const operand = this.SUBRULE(this.#parenthesized);
    return this.ACTION(() => vectorForms[form.image as keyof typeof vectorForms](operand, count));
  });
}

const rowOf = (operator: IToken | undefined) => (operator === undefined ? undefined : infixRows.get(operator.image));
