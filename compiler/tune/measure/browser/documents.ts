import { createHash } from 'node:crypto';
import { escapeText } from '../../report/html.ts';

/** A page, with the policy that allows what it needs and nothing else. */
export interface Document {
  readonly html: string;
  readonly policy: string;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 0 auto; padding: 2rem 1.25rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; }
dt { opacity: .7; }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
#state { padding: .6rem .9rem; border: 1px solid; border-radius: 8px; font-weight: 600; }
`;

/**
 * What the address with the token shows: it posts itself back, and only that uses the token up. A program that merely
 * looks at an address that someone sends, as messengers do, does not.
 */
export function entranceDocument(): Document {
  const script = 'document.forms[0].submit()';
  const body = `<form method="post"><p>Measure kernels of a model in this browser?</p><button>Begin</button></form>
<script>${script}</script>`;
  return printDocument('Tilewright', body, [`script-src ${hashOf(script)}`, "form-action 'self'"]);
}

/** The page that measures. */
export const measuringDocument = (model: string, script: string): Document =>
  printDocument(
    `Tuning of ${model}`,
    `<h1>Tuning of ${escapeText(model)}</h1>
<p id="state" role="status">This page needs JavaScript.</p>
<dl>
<dt>Kernel</dt><dd id="task"></dd>
<dt>Schedules measured</dt><dd id="measured"></dd>
<dt>of them failed</dt><dd id="failed"></dd>
<dt>Device</dt><dd id="device"></dd>
<dt>Engine</dt><dd id="engine"></dd>
<dt>Steps of its clock</dt><dd id="clock"></dd>
</dl>
<p>Kernels run here; what comes of it is shown in the terminal. Keep this page in front and the device awake, and let it
do nothing else: times are better for it. The page may be loaded again.</p>
<script type="module" src="${escapeText(script)}"></script>`,
    ["script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'"],
  );

/** What a browser shows that was refused. */
export const refusalDocument = (why: string): Document => printDocument('Tilewright', `<p>${escapeText(why)}</p>`, []);

const printDocument = (title: string, body: string, policy: readonly string[]): Document => ({
  html: [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<link rel="icon" href="data:,">',
    `<title>${escapeText(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    `<body>\n${body}\n</body>`,
    '</html>\n',
  ].join('\n'),
  policy: [
    "default-src 'none'",
    'img-src data:',
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...policy,
  ].join('; '),
});

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
