/** Text as HTML and SVG hold it, in content and in attributes. Characters that neither may hold are replaced. */
export const escapeText = (text: string): string =>
  text
    .replace(/[^\t\n\r\P{Cc}]|\p{Cs}/gu, '\u{fffd}')
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** A table; a title that ends in a colon is one of numbers. Titles and cells are text. */
export function printTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const numbers = titles.map((title) => title.endsWith(':'));
  const row = (tag: 'td' | 'th', cells: readonly string[]): string =>
    `<tr>${cells.map((cell, i) => `<${tag}${numbers[i] ? ' class="number"' : ''}>${escapeText(cell)}</${tag}>`).join('')}</tr>`;
  const head = row(
    'th',
    titles.map((title) => title.replace(/:$/, '')),
  );
  return `<div class="wide"><table><thead>${head}</thead><tbody>${rows.map((cells) => row('td', cells)).join('')}</tbody></table></div>`;
}

/** What can be opened; titles are text, the content is HTML. */
export const printDetails = (title: string, content: string): string =>
  `<details><summary>${escapeText(title)}</summary>${content}</details>`;

export const printSection = (title: string, content: string): string =>
  `<section><h2>${escapeText(title)}</h2>${content}</section>`;

export const printParagraph = (text: string): string => `<p>${escapeText(text)}</p>`;
