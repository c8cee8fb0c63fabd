import {
  EmbeddedActionsParser,
  EOF,
  type IRecognitionException,
  type IToken,
  isRecognitionException,
  type ParserMethod,
} from 'chevrotain';
import { addDims, affineDim, type Dim, type Shape, scaleDim } from '../dim.ts';
import { type DType, dtypes } from '../dtype.ts';
import type { TensorType } from '../graph/graph.ts';
import { AnyWord, canStartStatement, NumberLiteral, Quoted, symbols, ValueName, vocabulary, Word } from './lexer.ts';
import { nameIn } from './literals.ts';
import { expectedButFound, found, lineEnds, messages, placeOf } from './messages.ts';
import type { Mistake } from './report.ts';

/** A name as it is declared or used, and where. */
export interface Named {
  readonly name: string;
  readonly token: IToken;
}

export interface Param extends Named {
  readonly type: TensorType;
}

/** A rule without arguments. */
export type Rule<T> = ParserMethod<[], T>;

/** Chevrotain's errors have the token before the place, but not their type. */
type Refusal = IRecognitionException & { readonly previousToken?: IToken };

const isDType = (word: string): word is DType => (dtypes as readonly string[]).includes(word);

/**
 * What both syntaxes share: names, dimensions and types, and how the parser goes on after a mistake. It does so at the
 * level of statements, and not where chevrotain would, inside of an expression, from where one mistake causes others.
 */
export abstract class BaseParser extends EmbeddedActionsParser {
  /** Names in statements that were skipped: they may be declared there, so that their use is no mistake. */
  protected lostNames = new Set<string>();
  #mistakes: Mistake[] = [];
  /** The line of the brace that opened the innermost list of statements. */
  #openLine: number | undefined;

  constructor() {
    super(vocabulary, { recoveryEnabled: false, maxLookahead: 2, errorMessageProvider: messages });
  }

  /** Parses tokens by a rule. The result is meaningful only where there are no mistakes. */
  run<T>(rule: Rule<T>, tokens: IToken[]): { readonly result: T; readonly mistakes: readonly Mistake[] } {
    this.input = tokens;
    this.lostNames = new Set();
    this.#mistakes = [];
    const result = rule.call(this);
    for (const { message, token, previousToken } of this.errors as readonly Refusal[])
      this.#add(message, placeOf(token, previousToken));
    return { result, mistakes: this.#mistakes };
  }

  protected report(message: string, token: IToken): void {
    if (!this.RECORDING_PHASE) this.#add(message, token);
  }

  /** One mistake at a place: where a text ends too early, it does so for all that is open. */
  #add(message: string, token: Mistake['token']): void {
    if (this.#mistakes.some((mistake) => Object.is(mistake.token.startOffset, token.startOffset))) return;
    this.#mistakes.push({ message, token });
  }

  /** Runs a part of a rule. Where it fails, reports why, lets `resume` skip what is left of it and gives undefined. */
  protected recovering<T>(parse: () => T, resume: () => void): T | undefined {
    const start = this.LA(1);
    try {
      return parse();
    } catch (error) {
      if (this.RECORDING_PHASE || !(error instanceof Error) || !isRecognitionException(error)) throw error;
      const { message, token, previousToken } = error as Refusal;
      this.#add(message, placeOf(token, previousToken));
      if (this.LA(1) === start && !this.#closes(start)) this.SKIP_TOKEN();
      resume();
      this.#loseNames(start);
      return undefined;
    }
  }

  #loseNames(start: IToken): void {
    const [from, to] = [start, this.LA(1)].map((token) => (token.tokenType === EOF ? Infinity : token.startOffset));
    for (const { tokenType, image, startOffset } of this.input) {
      if (startOffset >= Number(to)) return;
      if (tokenType === ValueName && startOffset >= Number(from)) this.lostNames.add(nameIn(image) ?? image);
    }
  }

  /**
   * Skips to the next statement: a token that starts a line and is no punctuation or number, or the brace that closes
   * the list of statements. A body on the way, a brace that ends its line, is parsed for its own mistakes.
   */
  protected skipStatement(parseBody?: () => void): void {
    let depth = 0;
    while (this.LA(1).tokenType !== EOF) {
      const { tokenType } = this.LA(1);
      if (depth === 0 && (this.#closesList() || this.#startsStatement())) return;
      if (depth === 0 && parseBody !== undefined && tokenType === symbols['{'] && this.startsLine(2)) {
        parseBody();
        continue;
      }
      if (tokenType === symbols['{']) depth++;
      if (tokenType === symbols['}']) depth = Math.max(0, depth - 1);
      this.SKIP_TOKEN();
    }
  }

  protected skipToBrace(): void {
    while (![EOF, symbols['{'], symbols['}']].includes(this.LA(1).tokenType)) this.SKIP_TOKEN();
  }

  /** Reports and skips what is no statement, until one follows; false at the end of the list. */
  protected skipStray(expected: string, parseBody?: () => void): boolean {
    const token = this.LA(1);
    if (this.RECORDING_PHASE || this.#closes(token)) return false;
    this.report(expectedButFound(expected, token), token);
    this.SKIP_TOKEN();
    this.skipStatement(parseBody);
    return true;
  }

  #closes({ tokenType }: IToken): boolean {
    return tokenType === symbols['}'] || tokenType === EOF;
  }

  /** A brace inside of a line closes what this line opened, and is else the mistake of a bracket: `%C[i, j} = 0f32`. */
  #closesList(): boolean {
    return this.#closes(this.LA(1)) && (this.startsLine(1) || this.LA(1).startLine === this.#openLine);
  }

  #startsStatement(): boolean {
    return this.startsLine(1) && canStartStatement(this.LA(1));
  }

  /** Whether the token `ahead` starts a line. */
  protected startsLine(ahead: number): boolean {
    return this.LA(ahead).startLine !== this.LA(ahead - 1).startLine;
  }

  /** What stands in braces. */
  protected braced<T>(parse: () => T): T {
    const outer = this.#openLine;
    this.#openBrace();
    this.#openLine = this.LA(0).startLine;
    try {
      const result = parse();
      this.CONSUME(symbols['}']);
      return result;
    } finally {
      this.#openLine = outer;
    }
  }

  /** A brace that is missing at the end of a line is one mistake: what follows is the body all the same. */
  #openBrace(): void {
    const [previous, next] = [this.LA(0), this.LA(1)];
    if (this.RECORDING_PHASE || next.tokenType === symbols['{'] || !lineEnds(previous, next)) {
      this.CONSUME(symbols['{']);
    } else {
      this.#add(expectedButFound("'{'", next, previous), placeOf(next, previous));
    }
  }

  protected nameOf(token: IToken): string {
    if (this.RECORDING_PHASE) return '';
    const name = nameIn(token.image);
    if (name === undefined) this.report(`${found(token)} is no JSON string`, token);
    return name ?? token.image;
  }

  protected named(token: IToken): Named {
    return { name: this.nameOf(token), token };
  }

  /** Defines a name, which must be new among `names`. */
  protected define(what: string, names: Set<string>, { name, token }: Named): void {
    if (names.has(name)) this.report(`${what} ${token.image} is already defined`, token);
    names.add(name);
  }

  /** One of the words that are the keys of a table. */
  protected oneOf<K extends string>(table: Readonly<Record<K, true>>, token: IToken, what: string): K | undefined {
    const keys = Object.keys(table) as K[];
    const key = keys.find((each) => each === token.image);
    if (key === undefined) this.report(`unknown ${what} ${token.image}, expected one of ${keys.join(', ')}`, token);
    return key;
  }

  protected dtypeOf(token: IToken, word: string = token.image): DType {
    if (isDType(word)) return word;
    this.report(`unknown dtype ${word}, expected one of ${dtypes.join(', ')}`, token);
    return 'f32';
  }

  /** A bare name that is no word of the syntax, or a quoted one. */
  protected readonly name: Rule<Named> = this.RULE('name', () =>
    this.named(
      this.OR({
        DEF: [{ ALT: () => this.CONSUME(Word) }, { ALT: () => this.CONSUME(Quoted) }],
        ERR_MSG: 'a name',
      }),
    ),
  );

  readonly #symbol: Rule<Dim> = this.RULE('symbol', () => {
    const token = this.OR({
      DEF: [{ ALT: () => this.CONSUME(AnyWord) }, { ALT: () => this.CONSUME(Quoted) }],
      ERR_MSG: 'a symbol',
    });
    return affineDim(0, [{ symbol: this.nameOf(token), coefficient: 1 }]);
  });

  protected readonly integer: Rule<number> = this.RULE('integer', () => {
    const token = this.CONSUME(NumberLiteral);
    const value = Number(token.image);
    if (Number.isSafeInteger(value) && /^\d+$/.test(token.image)) return value;
    this.report(`${token.image} is no integer that fits`, token);
    return 0;
  });

  readonly #term: Rule<Dim> = this.RULE('term', () =>
    this.OR({
      DEF: [
        {
          ALT: () => {
            const factor = this.SUBRULE(this.integer);
            const symbol = this.OPTION(() => {
              this.CONSUME(symbols['*']);
              return this.SUBRULE(this.#symbol);
            });
            return symbol === undefined ? factor : this.ACTION(() => scaleDim(symbol, factor));
          },
        },
        { ALT: () => this.SUBRULE2(this.#symbol) },
      ],
      ERR_MSG: 'a dimension',
    }),
  );

  /** An affine expression over symbols: `2*seq+1`. */
  protected readonly dim: Rule<Dim> = this.RULE('dim', () => {
    const isNegative = this.OPTION(() => this.CONSUME(symbols['-'])) !== undefined;
    const first = this.SUBRULE(this.#term);
    // Added to 0, so that no -0 is left.
    let sum = this.ACTION(() => addDims(0, isNegative ? scaleDim(first, -1) : first));
    this.MANY(() => {
      const sign = this.OR([{ ALT: () => this.CONSUME1(symbols['+']) }, { ALT: () => this.CONSUME1(symbols['-']) }]);
      const term = this.SUBRULE2(this.#term);
      this.ACTION(() => {
        sum = addDims(sum, sign.tokenType === symbols['-'] ? scaleDim(term, -1) : term);
      });
    });
    return sum;
  });

  protected readonly shape: Rule<Shape> = this.RULE('shape', () => {
    const dims: Dim[] = [];
    this.CONSUME(symbols['[']);
    this.MANY_SEP({ SEP: symbols[','], DEF: () => dims.push(this.SUBRULE(this.dim)) });
    this.CONSUME(symbols[']']);
    return dims;
  });

  /** `%x: f32[batch, 4]`. */
  protected readonly param: Rule<Param> = this.RULE('param', () => {
    const named = this.named(this.CONSUME(ValueName));
    this.CONSUME(symbols[':']);
    const dtype = this.dtypeOf(this.CONSUME(Word));
    const shape = this.SUBRULE(this.shape);
    return { ...named, type: { dtype, shape } };
  });
}
