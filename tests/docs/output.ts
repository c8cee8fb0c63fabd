/** What a document shows of an output: constants cut short, no line end at the end. */
export const shorten = (printed: string): string =>
  printed.replaceAll(/base64 "([^"]{12})[^"]{20,}"/g, 'base64 "$1…"').trimEnd();

/** The first part of a text that starts as given and ends with the bracket that closes it, without its indentation. */
export function takePart(text: string, start: string | undefined): string {
  if (start === undefined) return text;
  const from = text.indexOf(start);
  if (from < 0) throw new Error(`the output has no ${start}`);
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] !== ')' || --depth > 0) continue;
    const indent = from - (text.lastIndexOf('\n', from) + 1);
    return text.slice(from, at + 1).replaceAll(`\n${' '.repeat(indent)}`, '\n');
  }
  throw new Error(`${start} is not closed`);
}
