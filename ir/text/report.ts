import type { IToken } from 'chevrotain';
import { type Diagnostic, IrSyntaxError, type SourceLocation } from '../errors.ts';

/** A mistake and the token where it stands. */
export interface Mistake {
  readonly message: string;
  readonly token: Pick<IToken, 'image' | 'startOffset'>;
}

/** The error of all mistakes, in the order of the text, each with its line and carets under the place. */
export function syntaxError(text: string, file: string, mistakes: readonly Mistake[]): IrSyntaxError {
  const lines = text.split(lineBreak);
  const starts = lineStarts(text);
  const diagnostics = mistakes
    .map(({ message, token }) => ({ message, token: placed(text, token) }))
    .toSorted((a, b) => a.token.startOffset - b.token.startOffset)
    .map(({ message, token }): Diagnostic => ({ message, location: locate(file, starts, token) }));
  const rendered = diagnostics.map((diagnostic) => render(diagnostic, lines[diagnostic.location.line - 1] ?? ''));
  return new IrSyntaxError(rendered.join('\n'), diagnostics);
}

/** The end of the text is no token of it. */
const placed = (text: string, token: Mistake['token']): Mistake['token'] =>
  token.startOffset >= 0 ? token : { image: '', startOffset: text.trimEnd().length };

const lineBreak = /\r\n|\r|\n/;

function lineStarts(text: string): readonly number[] {
  const breaks = text.matchAll(new RegExp(lineBreak, 'g'));
  return [0, ...Array.from(breaks, (found) => found.index + found[0].length)];
}

function locate(file: string, starts: readonly number[], { image, startOffset }: Mistake['token']): SourceLocation {
  const line = starts.findLastIndex((start) => start <= startOffset);
  return { file, line: line + 1, column: startOffset - (starts[line] ?? 0) + 1, length: Math.max(1, image.length) };
}

const widest = 120;

/**
 *   program.tir:3:14: expected ']' but found '}'
 *     %C[vi, vj} = 0f32
 *              ^
 */
function render({ message, location }: Diagnostic, sourceLine: string): string {
  const { file, line, column, length } = location;
  // A line may hold megabytes of a constant's data: shows what stands around the place.
  const from = column > widest ? column - widest / 2 : 0;
  const shown = sourceLine.slice(from, from + widest).replaceAll(/(?!\t)\p{Cc}/gu, '\ufffd');
  const before = shown.slice(0, column - 1 - from).replaceAll(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.max(1, Math.min(length, shown.length - before.length)));
  return `${file}:${line}:${column}: ${message}\n  ${shown}\n  ${before}${carets}`;
}
