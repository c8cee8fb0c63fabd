import {
  EmbeddedActionsParser,
  EOF,
  type IRecognitionException,
  type IToken,
  isRecognitionException,
  type ParserMethod,
} from 'chevrotain';
import { canStartStatement, symbols, ValueName, vocabulary } from './lexer.ts';
import { nameIn } from './literals.ts';
import { expectedButFound, found, lineEnds, messages, placeOf } from './messages.ts';
import type { Mistake } from './report.ts';

/** A name as it is declared or used, and where. */
export interface Named {
  readonly name: string;
  readonly token: IToken;
}

/** A rule without arguments. */
export type Rule<T> = ParserMethod<[], T>;

/** Chevrotain's errors have the token before the place, but not their type. */
type Refusal = IRecognitionException & { readonly previousToken?: IToken };

/**
 * How the parser collects mistakes and goes on after one. It does so at the level of statements, and not where
 * chevrotain would, inside of an expression, from where one mistake causes others.
 */
export abstract class RecoveringParser extends EmbeddedActionsParser {
  /** Names in statements that were skipped: they may be declared there, so that their use is no mistake. */
  protected lostNames = new Set<string>();
  #mistakes: Mistake[] = [];
  /** The line of the brace that opened the innermost list of statements. */
  #openLine: number | undefined;

  constructor() {
    super(vocabulary, { recoveryEnabled: false, maxLookahead: 2, errorMessageProvider: messages });
  }

  /** Parses tokens by a rule. There is a result, with all its parts, only where there are no mistakes. */
  run<T>(rule: Rule<T>, tokens: IToken[]): { readonly result: T | undefined; readonly mistakes: readonly Mistake[] } {
    this.input = tokens;
    this.lostNames = new Set();
    this.#mistakes = [];
    this.#openLine = undefined;
    const result = this.#shallow(() => rule.call(this));
    for (const { message, token, previousToken } of this.errors as readonly Refusal[]) {
      this.#add(message, placeOf(token, previousToken));
    }
    return { result, mistakes: this.#mistakes };
  }

  /** A text may be nested more deeply than the stack is high: that is its mistake. */
  #shallow<T>(parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#add('this is nested too deeply', this.LA(1));
      return undefined;
    }
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
}
