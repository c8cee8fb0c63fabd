import type { IToken } from 'chevrotain';
import type {
  Annotations,
  Assign,
  Block,
  Expr,
  For,
  If,
  Iter,
  Let,
  LoopKind,
  Stmt,
  Store,
} from '../tensor/tensor-func.ts';
import { NumberLiteral, Quoted, symbols, Word, wordToken } from './lexer.ts';
import { readScalar } from './literals.ts';
import { ExprParser } from './parse-expr.ts';
import type { Rule } from './parse-recovery.ts';

const loopKinds: Readonly<Record<LoopKind, true>> = {
  serial: true,
  parallel: true,
  vectorized: true,
  unrolled: true,
  'workgroup.x': true,
  'workgroup.y': true,
  'workgroup.z': true,
  'invocation.x': true,
  'invocation.y': true,
  'invocation.z': true,
};
const iterKinds: Readonly<Record<Iter['kind'], true>> = { spatial: true, reduce: true };

/** A let without braces: its body is what follows in the list. */
type OpenLet = Omit<Let, 'body'>;
type Item = Stmt | OpenLet;

const nothing: Stmt = { kind: 'seq', stmts: [] };

/** Statements of the loop-level IR; see `printTensorFunc` for their syntax. */
export abstract class StmtParser extends ExprParser {
  /** The names of sizes, loops, iteration variables and lets so far. */
  protected variables = new Set<string>();
  protected blocks = new Set<string>();

  /** The statements up to a closing brace. Goes on after each that is wrong. */
  protected readonly stmts: Rule<readonly Stmt[]> = this.RULE('stmts', (): readonly Stmt[] => {
    const items: Item[] = [];
    const parseBody = (): void => void this.SUBRULE2(this.#braces);
    do {
      this.MANY(() => {
        const item = this.recovering(
          () => this.SUBRULE(this.#stmt),
          () => this.skipStatement(parseBody),
        );
        if (item !== undefined) items.push(item);
      });
    } while (this.skipStray('a statement', parseBody));
    return this.ACTION(() => nestLets(items));
  });

  readonly #braces: Rule<Stmt> = this.RULE('braces', (): Stmt => {
    const stmts = this.braced(() => this.SUBRULE(this.stmts));
    return listBody(stmts);
  });

  readonly #stmt: Rule<Item> = this.RULE(
    'stmt',
    (): Item =>
      this.OR({
        DEF: [
          { ALT: () => this.SUBRULE(this.#store) },
          { ALT: () => this.SUBRULE(this.#for) },
          { ALT: () => this.SUBRULE(this.#block) },
          { ALT: () => this.SUBRULE(this.#let) },
          { ALT: () => this.SUBRULE(this.#assign) },
          { ALT: () => this.SUBRULE(this.#if) },
          { ALT: () => this.SUBRULE(this.#do) },
        ],
        ERR_MSG: 'a statement',
      }),
  );

  readonly #store: Rule<Store> = this.RULE('store', (): Store => {
    const target = this.SUBRULE(this.access);
    this.ACTION(() => this.bufferDType(target));
    this.CONSUME(symbols['=']);
    const value = this.SUBRULE(this.expr);
    return { kind: 'store', buffer: target.name, indices: target.indices, value };
  });

  readonly #for: Rule<For> = this.RULE('for', (): For => {
    this.CONSUME(wordToken('for'));
    const variable = this.SUBRULE(this.name);
    this.ACTION(() => this.define('variable', this.variables, variable));
    this.CONSUME(wordToken('in'));
    const extent = this.SUBRULE(this.expr);
    const kind = this.OPTION1(() => this.CONSUME(Word));
    const loopKind = (kind === undefined ? undefined : this.oneOf(loopKinds, kind, 'loop kind')) ?? 'serial';
    const annotations = this.#optionalAnnotations();
    const body = this.SUBRULE(this.#braces);
    return { kind: 'for', loopVar: variable.name, loopKind, extent, ...annotations, body };
  });

  #optionalAnnotations(): { readonly annotations?: Annotations } {
    const annotations = this.OPTION2({
      GATE: () => this.#atAnnotations(),
      DEF: () => this.SUBRULE(this.#annotations),
    });
    return annotations === undefined ? {} : { annotations };
  }

  /** Whether a brace opens annotations and not a body: `{name = …` or `{} {`. */
  #atAnnotations(): boolean {
    const [, second, third] = [1, 2, 3].map((ahead) => this.LA(ahead).tokenType);
    if (second === symbols['}']) return third === symbols['{'];
    return third === symbols['='];
  }

  readonly #annotations: Rule<Annotations> = this.RULE('annotations', (): Annotations => {
    const entries: [string, string | number | boolean][] = [];
    this.CONSUME(symbols['{']);
    this.MANY_SEP({
      SEP: symbols[','],
      DEF: () => {
        const { name } = this.SUBRULE(this.name);
        this.CONSUME(symbols['=']);
        entries.push([name, this.SUBRULE(this.#annotation)]);
      },
    });
    this.CONSUME(symbols['}']);
    return Object.fromEntries(entries);
  });

  readonly #annotation: Rule<string | number | boolean> = this.RULE('annotation', (): string | number | boolean =>
    this.OR({
      DEF: [
        { ALT: () => this.nameOf(this.CONSUME(Quoted)) },
        { ALT: () => this.#annotationNumber(this.CONSUME1(NumberLiteral), false) },
        {
          ALT: () => {
            this.CONSUME(symbols['-']);
            const token = this.OR2([{ ALT: () => this.CONSUME2(NumberLiteral) }, { ALT: () => this.CONSUME2(Word) }]);
            return this.ACTION(() => this.#annotationNumber(token, true));
          },
        },
        { ALT: () => this.#annotationWord(this.CONSUME1(Word)) },
      ],
      ERR_MSG: 'a string, a number, true or false',
    }),
  );

  #annotationWord(token: IToken): number | boolean {
    if (token.image === 'true' || token.image === 'false') return token.image === 'true';
    return this.#annotationNumber(token, false);
  }

  #annotationNumber(token: IToken, isNegative: boolean): number {
    const isSpecial = token.image === 'inf' || token.image === 'nan';
    const value = isSpecial || /^\d/.test(token.image) ? readScalar(token.image, isNegative, 'f64') : undefined;
    if (value !== undefined && (token.image === 'nan' || !Number.isNaN(value))) return value as number;
    this.report(`${token.image} is no string, number, true or false`, token);
    return 0;
  }

  readonly #block: Rule<Block> = this.RULE('block', (): Block => {
    this.CONSUME(wordToken('block'));
    const named = this.SUBRULE(this.name);
    this.ACTION(() => this.define('block', this.blocks, named));
    const iters: Iter[] = [];
    this.CONSUME(symbols['(']);
    this.MANY_SEP({ SEP: symbols[','], DEF: () => iters.push(this.SUBRULE(this.#iter)) });
    this.CONSUME(symbols[')']);
    const predicate = this.OPTION1(() => {
      this.CONSUME(wordToken('where'));
      return this.SUBRULE(this.expr);
    });
    const annotations = this.#optionalAnnotations();
    const content = this.braced(() => this.SUBRULE(this.#blockContent));
    return {
      kind: 'block',
      name: named.name,
      iters,
      ...(predicate === undefined ? {} : { predicate }),
      ...annotations,
      ...content,
    };
  });

  readonly #blockContent: Rule<Pick<Block, 'init' | 'body'>> = this.RULE(
    'blockContent',
    (): Pick<Block, 'init' | 'body'> => {
      const init = this.OPTION(() => {
        this.CONSUME(wordToken('init'));
        return this.SUBRULE(this.#braces);
      });
      const body = this.SUBRULE(this.stmts);
      return this.ACTION(() => ({ ...(init === undefined ? {} : { init }), body: listBody(body) }));
    },
  );

  /** `vi: spatial(seq) = i`. */
  readonly #iter: Rule<Iter> = this.RULE('iter', (): Iter => {
    const variable = this.SUBRULE(this.name);
    this.ACTION(() => this.define('variable', this.variables, variable));
    this.CONSUME(symbols[':']);
    const kind = this.oneOf(iterKinds, this.CONSUME(Word), 'kind of iteration variable') ?? 'spatial';
    this.CONSUME(symbols['(']);
    const extent = this.SUBRULE(this.dim);
    this.CONSUME(symbols[')']);
    this.CONSUME(symbols['=']);
    const value = this.SUBRULE(this.expr);
    return { name: variable.name, kind, extent, value };
  });

  readonly #let: Rule<Item> = this.RULE('let', (): Item => {
    const word = this.OR([
      { ALT: () => this.CONSUME(wordToken('let')) },
      { ALT: () => this.CONSUME(wordToken('var')) },
    ]);
    const variable = this.SUBRULE(this.name);
    this.ACTION(() => this.define('variable', this.variables, variable));
    this.CONSUME(symbols['=']);
    const value = this.SUBRULE(this.expr);
    const body = this.OPTION(() => this.SUBRULE(this.#braces));
    const open: OpenLet = { kind: 'let', name: variable.name, mutable: word.image === 'var', value };
    return body === undefined ? open : { ...open, body };
  });

  readonly #assign: Rule<Assign> = this.RULE('assign', (): Assign => {
    const { name } = this.SUBRULE(this.name);
    this.CONSUME(symbols[':=']);
    const value = this.SUBRULE(this.expr);
    return { kind: 'assign', name, value };
  });

  readonly #if: Rule<If> = this.RULE('if', (): If => {
    this.CONSUME(wordToken('if'));
    const cond: Expr = this.SUBRULE(this.expr);
    const then = this.SUBRULE1(this.#braces);
    const otherwise = this.OPTION(() => {
      this.CONSUME(wordToken('else'));
      return this.SUBRULE2(this.#braces);
    });
    return { kind: 'if', cond, then, ...(otherwise === undefined ? {} : { else: otherwise }) };
  });

  /** A sequence inside of another, as it is. */
  readonly #do: Rule<Stmt> = this.RULE('do', (): Stmt => {
    this.CONSUME(wordToken('do'));
    const stmts = this.braced(() => this.SUBRULE(this.stmts));
    return { kind: 'seq', stmts };
  });
}

/** One statement stands for itself, any other number is a sequence. */
export const listBody = (stmts: readonly Stmt[]): Stmt =>
  stmts.length === 1 ? (stmts[0] ?? nothing) : { kind: 'seq', stmts };

/** Gives every let without braces the statements after it as its body, from the last to the first. */
function nestLets(items: readonly Item[]): readonly Stmt[] {
  let rest: Stmt[] = [];
  for (const item of items.toReversed()) {
    if (item.kind === 'let' && !('body' in item)) rest = [{ ...item, body: listBody(rest.reverse()) }];
    else rest.push(item);
  }
  return rest.reverse();
}
