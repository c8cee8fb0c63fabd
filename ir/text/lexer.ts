import { createToken, createTokenInstance, EOF, type IToken, Lexer, type TokenType } from 'chevrotain';
import { infix } from './infix.ts';
import { keywords } from './print-atoms.ts';

/** Any bare word; those of the syntax are words too where a sigil or the place tells them apart (`%for`, `f32[in, 4]`). */
export const AnyWord = createToken({ name: 'AnyWord', pattern: Lexer.NA, label: 'a word' });
/** A bare word that is none of the syntax, or a quoted name. */
export const Word = createToken({
  name: 'Word',
  pattern: /[A-Za-z_][A-Za-z0-9_.]*/,
  categories: [AnyWord],
  label: 'a name',
});
export const Quoted = createToken({
  name: 'Quoted',
  pattern: { exec: (text, offset) => quotedAt(text, offset) },
  start_chars_hint: ['"'],
  line_breaks: false,
  label: 'a string',
});
export const ValueName = sigilName('ValueName', '%', 'a %name');
export const GlobalName = sigilName('GlobalName', '@', 'an @name');

/** A number and, right after it, the dtype that it has: `3`, `0.5f32`, `1e-7f64`. */
export const NumberLiteral = createToken({
  name: 'NumberLiteral',
  pattern: /\d+(?:\.\d+)?(?:e[+-]?\d+)?[A-Za-z0-9_.]*/,
  label: 'a number',
});

const keyword = (word: string): TokenType =>
  createToken({ name: `'${word}'`, pattern: word, longer_alt: Word, categories: [AnyWord], label: `'${word}'` });

// Longer ones first: `init` is not `in` and a rest.
const longestFirst = [...keywords].sort((a, b) => b.length - a.length);
const words = new Map(longestFirst.map((word) => [word, keyword(word)]));

/** The token of a word of the syntax. */
export function wordToken(word: string): TokenType {
  const token = words.get(word);
  if (token === undefined) throw new Error(`internal error: ${word} is no word of the syntax`);
  return token;
}

const symbolTexts = [
  ...['->', ':=', '==', '!=', '<=', '>=', '||', '&&'],
  ...['(', ')', '[', ']', '{', '}', '<', '>', ',', ':', '=', '+', '-', '*', '/'],
] as const;
type SymbolText = (typeof symbolTexts)[number];

/** Any operator that stands between its operands. */
export const Infix = createToken({ name: 'Infix', pattern: Lexer.NA, label: 'an operator' });
const infixTexts: ReadonlySet<string> = new Set(Array.from(infix.values(), (row) => row.symbol));

const symbolToken = (text: SymbolText): TokenType =>
  createToken({ name: text, pattern: text, label: `'${text}'`, categories: infixTexts.has(text) ? [Infix] : [] });

/** The tokens of punctuation, by their text. */
export const symbols = Object.fromEntries(symbolTexts.map((text) => [text, symbolToken(text)])) as Readonly<
  Record<SymbolText, TokenType>
>;

/** Whether a token that starts a line starts a statement, and does not go on with the line before. */
export const canStartStatement = ({ tokenType }: IToken): boolean =>
  tokenType !== NumberLiteral && tokenType !== EOF && !Object.values(symbols).includes(tokenType);

const Blank = createToken({ name: 'Blank', pattern: /\s+/, group: Lexer.SKIPPED });
const Comment = createToken({ name: 'Comment', pattern: /#[^\r\n]*/, group: Lexer.SKIPPED });
/** What is no token of the syntax. The parser meets it as such, so that it is one mistake and not two. */
export const Unknown = createToken({ name: 'Unknown', pattern: Lexer.NA });
export const Unterminated = createToken({
  name: 'Unterminated',
  pattern: { exec: (text, offset) => restOfLine(text, offset) },
  start_chars_hint: ['"', '%', '@'],
  line_breaks: false,
});

/** The one vocabulary of both syntaxes, in order of precedence. */
export const vocabulary: TokenType[] = [
  Blank,
  Comment,
  ValueName,
  GlobalName,
  Quoted,
  Unterminated,
  ...words.values(),
  Word,
  NumberLiteral,
  ...Object.values(symbols),
  Unknown,
  AnyWord,
  Infix,
];

const lexer = new Lexer(vocabulary, { positionTracking: 'onlyStart', ensureOptimizations: true });

/** The tokens of a text, without blanks and comments (`# …` to the end of the line). Never fails: see `Unknown`. */
export function tokenize(text: string): IToken[] {
  const { tokens, errors } = lexer.tokenize(text);
  if (errors.length === 0) return tokens;
  const unknown = errors.map(({ offset, length, line = 1, column = 1 }) => {
    const image = text.slice(offset, offset + length);
    return createTokenInstance(Unknown, image, offset, offset + length - 1, line, line, column, column + length - 1);
  });
  return [...tokens, ...unknown].sort((a, b) => a.startOffset - b.startOffset);
}

function sigilName(name: string, sigil: '%' | '@', label: string): TokenType {
  const word = /[A-Za-z_][A-Za-z0-9_.]*/y;
  const exec = (text: string, offset: number): [string] | null => {
    if (text[offset] !== sigil) return null;
    word.lastIndex = offset + 1;
    const bare = word.exec(text) ?? (text[offset + 1] === '"' ? quotedAt(text, offset + 1) : null);
    return bare === null ? null : [sigil + bare[0]];
  };
  return createToken({ name, pattern: { exec }, start_chars_hint: [sigil], line_breaks: false, label });
}

/** A JSON string. Searched and not matched: a constant's data is megabytes long, too much for a backtracking pattern. */
function quotedAt(text: string, offset: number): [string] | null {
  if (text[offset] !== '"') return null;
  const stop = /["\\\r\n]/g;
  stop.lastIndex = offset + 1;
  for (let found = stop.exec(text); found !== null; found = stop.exec(text)) {
    if (found[0] === '"') return [text.slice(offset, found.index + 1)];
    if (found[0] !== '\\') return null;
    stop.lastIndex = found.index + 2;
  }
  return null;
}

/** A string that does not end on its line, or at all. */
function restOfLine(text: string, offset: number): [string] | null {
  if (text[offset] !== '"' && text[offset + 1] !== '"') return null;
  const end = /[\r\n]/g;
  end.lastIndex = offset;
  return [text.slice(offset, end.exec(text)?.index)];
}
