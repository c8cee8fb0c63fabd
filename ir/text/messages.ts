import { EOF, type IParserErrorMessageProvider, type IToken, tokenLabel } from 'chevrotain';
import { canStartStatement, symbols, Unknown, Unterminated } from './lexer.ts';
import type { Mistake } from './report.ts';

/** How a message names the token that stands where another was expected. */
export function found({ tokenType, image }: IToken): string {
  if (tokenType === EOF) return 'the end of the text';
  const shown = image.length > 40 ? `${image.slice(0, 40)}…` : image;
  if (tokenType === Unknown) return JSON.stringify(shown);
  return shown.includes('"') ? shown : `'${shown}'`;
}

/** Whether a line ended too early: the token after it starts a statement, or closes one, in a line of its own. */
export const lineEnds = (previous: IToken, next: IToken): boolean =>
  previous.tokenType !== EOF &&
  previous.startLine !== next.startLine &&
  (next.tokenType === symbols['}'] || canStartStatement(next));

/** Where a mistake stands: at the token, or behind the one before it where a line ended too early. */
export const placeOf = (token: IToken, previous: IToken | undefined): Mistake['token'] =>
  previous !== undefined && lineEnds(previous, token)
    ? { image: '', startOffset: previous.startOffset + previous.image.length }
    : token;

/** `expected ']' but found '}'`. */
export function expectedButFound(expected: string, token: IToken, previous?: IToken): string {
  if (token.tokenType === Unterminated) return 'this string does not end on its line';
  const instead = previous !== undefined && lineEnds(previous, token) ? 'the line ends' : `found ${found(token)}`;
  return `expected ${expected} but ${instead}`;
}

const first = (tokens: readonly IToken[]): IToken => tokens[0] as IToken;

/** Messages in the parser's own words. */
export const messages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual, previous }) =>
    expectedButFound(tokenLabel(expected), actual, previous),
  buildNotAllInputParsedMessage: ({ firstRedundant }) => expectedButFound('the end of the text', firstRedundant),
  buildNoViableAltMessage: ({ expectedPathsPerAlt, actual, previous, customUserDescription }) => {
    const starts = expectedPathsPerAlt.flat().flatMap(([start]) => (start === undefined ? [] : tokenLabel(start)));
    return expectedButFound(customUserDescription ?? [...new Set(starts)].join(' or '), first(actual), previous);
  },
  buildEarlyExitMessage: ({ actual, previous, customUserDescription }) =>
    expectedButFound(customUserDescription ?? 'more', first(actual), previous),
};
