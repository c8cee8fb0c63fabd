/** The look of a report: light or dark as the reader has it, colours that are told apart without seeing hues. */
export const style = `
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d8dee4; --page: #ffffff; --card: #f6f8fa; --before: #9aa4af; --after: #0b63c5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa5b1; --line: #323a44; --page: #0d1117; --card: #161b22; --before: #6b7682; --after: #58a6ff; }
}
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
p { margin: .5rem 0; color: var(--soft); max-width: 46rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
.tiles div { flex: 1 1 auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }
.tiles b { display: block; font-size: 1.35rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--soft); font-size: .85rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; }
.pair > * { flex: 1 1 24rem; min-width: 0; }
svg { display: block; max-width: 100%; height: auto; margin: .75rem 0; }
svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
svg text.name { fill: var(--ink); }
.grid { stroke: var(--line); stroke-width: 1; fill: none; }
.axis { stroke: var(--soft); stroke-width: 1; fill: none; }
.best { stroke: var(--after); stroke-width: 2; fill: none; }
.default { stroke: var(--before); stroke-width: 1.5; stroke-dasharray: 5 4; fill: none; }
.dots { stroke: var(--after); stroke-width: 4; stroke-linecap: round; stroke-opacity: .6; fill: none; }
.bar-before { fill: var(--before); }
.bar-after { fill: var(--after); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums; margin: .5rem 0; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
.number { text-align: right; }
details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: .5rem .9rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; overflow-x: auto; font: 12.5px/1.5 ui-monospace, monospace; }
.key { display: inline-block; width: 1.4rem; height: .55rem; border-radius: 2px; margin: 0 .35rem 0 0; }
.key.before { background: var(--before); }
.key.after { background: var(--after); }
.legend span { margin-right: 1.2rem; }
@media print { details { border: none; } }
`;
