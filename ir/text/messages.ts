import { EOF, type IParserErrorMessageProvider, type IToken, tokenLabel } from 'chevrotain';
import { Unterminated } from './lexer.ts';

/** How a message names the token that stands where another was expected. */
export function found(token: IToken): string {
  if (token.tokenType === EOF) return 'the end of the text';
  const image = token.image.length > 40 ? `${token.image.slice(0, 40)}…` : token.image;
  return image.startsWith('"') ? image : `'${image}'`;
}

export const expectedButFound = (expected: string, token: IToken): string =>
  token.tokenType === Unterminated
    ? 'this string does not end on its line'
    : `expected ${expected} but found ${found(token)}`;

const first = (tokens: readonly IToken[]): IToken => tokens[0] as IToken;

/** Messages of the form `expected ']' but found '}'`. */
export const messages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual }) => expectedButFound(tokenLabel(expected), actual),
  buildNotAllInputParsedMessage: ({ firstRedundant }) => expectedButFound('the end of the text', firstRedundant),
  buildNoViableAltMessage: ({ expectedPathsPerAlt, actual, customUserDescription }) => {
    const labels = new Set(
      expectedPathsPerAlt.flat().flatMap(([start]) => (start === undefined ? [] : tokenLabel(start))),
    );
    return expectedButFound(customUserDescription ?? [...labels].join(' or '), first(actual));
  },
  buildEarlyExitMessage: ({ actual, customUserDescription }) =>
    expectedButFound(customUserDescription ?? 'more', first(actual)),
};
