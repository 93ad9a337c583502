import { trusted } from '../html.ts';
import { seriesRules, seriesVariables } from '../series.ts';

/**
 * Style sheet of the report: system fonts, one column of text, several charts per row if they fit.
 * Dark mode follows the reader's system.
 */
export const reportStyle = trusted(`
:root {
  color-scheme: light dark;
  --paper: #fdfdfc; --ink: #1c1e21; --soft: #5d636b; --rule: #e2e3e1; --panel: #f5f5f2; --heat: 82%;
  ${seriesVariables('light')}
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181b; --ink: #e8e8e6; --soft: #a1a7ae; --rule: #33373c; --panel: #1e2125; --heat: 42%;
    ${seriesVariables('dark')}
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: clamp(1.25rem, 4vw, 3.5rem) clamp(1rem, 4vw, 2.5rem) 4rem; max-width: 68rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  text-size-adjust: 100%; -webkit-text-size-adjust: 100%;
}
header p, .note, figcaption, dt, summary { color: var(--soft); }
.eyebrow { margin: 0; font-size: .8125rem; letter-spacing: .02em; }
h1 { margin: .1rem 0 0; font-size: clamp(1.6rem, 5vw, 2.25rem); line-height: 1.2; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { margin: 3.25rem 0 .75rem; font-size: 1.2rem; letter-spacing: -.005em; }
h3 { margin: 0 0 .25rem; font-size: 1rem; font-weight: 600; }
p { margin: .5rem 0; max-width: 44rem; }
.verdict { margin: 1.75rem 0 0; padding: 1.1rem 1.35rem; background: var(--panel); border-left: 4px solid var(--soft); border-radius: 0 6px 6px 0; }
.verdict p { margin: 0; max-width: none; text-wrap: pretty; }
.verdict .headline { font-size: clamp(1.1rem, 3vw, 1.3rem); font-weight: 600; line-height: 1.35; margin-bottom: .3rem; }
.verdict + .verdict { margin-top: .6rem; padding: .7rem 1.35rem; }
.verdict + .verdict .headline { font-size: 1rem; margin-bottom: .1rem; }
.verdict + .verdict p { font-size: .9375rem; }
.verdict.better { border-color: var(--s2); }
.verdict.worse { border-color: var(--s1); }
.warnings { margin: 1.25rem 0 0; padding: 0; list-style: none; max-width: 48rem; }
.warnings li { padding: .5rem 0 .5rem 1.35rem; border-left: 4px solid var(--s1); margin-bottom: .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
caption { max-width: calc(100vw - 2 * clamp(1rem, 4vw, 2.5rem)); text-align: left; color: var(--soft); padding-bottom: .4rem; font-size: .875rem; }
th, td { padding: .45rem .9rem .45rem 0; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; vertical-align: middle; }
th { font-weight: 500; color: var(--soft); font-size: .875rem; }
tbody th { color: var(--ink); font-size: 1rem; }
th.long, td.long { white-space: normal; overflow-wrap: anywhere; min-width: 10rem; }
td.long { min-width: 16rem; }
.reasons { margin-top: 1rem; font-size: .9375rem; }
.reasons tbody th { font-size: .9375rem; }
th:first-child, td:first-child, .text { text-align: left; }
th:last-child, td:last-child { padding-right: 0; }
td small { color: var(--soft); font-size: .8125rem; }
.figures th:not(:last-child), .figures td:not(:last-child) { padding-right: .75rem; }
.figures thead th { white-space: normal; vertical-align: bottom; }
.figures tbody th { white-space: normal; overflow-wrap: break-word; min-width: 6rem; max-width: 12rem; }
td.unclear { color: var(--soft); }
.figures small { display: block; font-size: .75rem; }
.narrow { width: auto; min-width: min(100%, 26rem); }
.narrow th, .narrow td { padding-right: 2rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18.5rem), 1fr)); gap: 2rem 2.25rem; margin-top: 1.25rem; }
figure { margin: 0; min-width: 0; }
.charts > figure:only-child { grid-column: 1 / -1; max-width: 30rem; }
figcaption { font-size: .875rem; line-height: 1.45; }
figure svg { display: block; width: 100%; max-width: 32rem; height: auto; margin: .35rem 0 .25rem; overflow: visible; }
svg text { fill: var(--soft); font: 11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--rule); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.whisker { stroke-width: 2; stroke-linecap: round; opacity: .55; }
.bin { stroke: var(--s0); stroke-width: 1; opacity: .45; }
.heat { fill: var(--s1); stroke: var(--rule); stroke-width: .5; }
.bar { fill: var(--s0); opacity: .8; }
.cell { width: 7rem; height: 1.125rem; vertical-align: middle; }
.cell .whisker { stroke-width: 3; }
${seriesRules}
.dot { stroke: none; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: 0; margin: .5rem 0 0; list-style: none; font-size: .9375rem; }
.legend svg { width: 2rem; height: .75rem; vertical-align: baseline; margin-right: .4rem; }
.matrix { width: auto; }
.matrix th, .matrix td { padding: .3rem .5rem; min-width: 2.6rem; border-bottom: 1px solid var(--paper); }
@media (max-width: 40rem) { .matrix th, .matrix td { padding: .3rem; min-width: 1.75rem; font-size: .875rem; } }
.matrix tbody th { padding-left: 0; max-width: 14rem; overflow: hidden; text-overflow: ellipsis; }
.matrix thead th { vertical-align: bottom; }
.matrix.turned thead th:not(:first-child) { padding-bottom: .5rem; }
.matrix.turned thead th:not(:first-child) span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 14rem; overflow: hidden; text-overflow: ellipsis; }
.matrix .none { color: var(--soft); }
.matrix .right { background: color-mix(in srgb, var(--soft) calc(var(--share) * 25%), transparent); }
.matrix .wrong { background: color-mix(in srgb, var(--s1) calc(8% + var(--share) * var(--heat)), transparent); }
.matrix .recall { padding-left: 1.25rem; }
.shots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(30%, 9rem), 1fr)); gap: 1.25rem .9rem; margin: .75rem 0 0; padding: 0; list-style: none; }
.shots li { min-width: 0; font-size: .8125rem; line-height: 1.4; }
.shots img, .shots .blank { display: block; width: 100%; max-width: 7rem; height: auto; aspect-ratio: 1; object-fit: contain; background: var(--panel); border-radius: 4px; margin-bottom: .35rem; }
.shots .pixels { image-rendering: pixelated; }
.shots dl { margin: 0; }
.shots dt, .shots dd { display: inline; font-size: .8125rem; overflow-wrap: break-word; }
.shots .id { margin: .1rem 0 0; color: var(--soft); font-size: .75rem; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); column-gap: 2.25rem; margin: .75rem 0 0; padding: 0; list-style: none; }
details .shots, details .cards { font-size: 1rem; }
.cards li { padding: .6rem 0; border-bottom: 1px solid var(--rule); }
.cards .content { margin: 0; max-width: none; overflow-wrap: anywhere; font-size: .9375rem; line-height: 1.45; }
.cards dl { display: flex; flex-wrap: wrap; gap: 0 1.25rem; margin: .25rem 0 0; }
.cards dl div { display: flex; gap: .4rem; }
.cards dt, .cards dd { font-size: .875rem; }
.cards .id { margin: 0; color: var(--soft); font-size: .75rem; overflow-wrap: anywhere; }
.column { display: inline-block; margin-right: .75rem; }
.column span { color: var(--soft); }
section h3 { margin-top: 1.75rem; }
figure h3 { margin-top: 0; }
.sentences .shots { grid-template-columns: repeat(auto-fill, 4rem); gap: .5rem; margin: .35rem 0 .75rem; }
.sentences .shots img { margin: 0; }
.sentences .content { color: var(--soft); font-size: .875rem; }
.sentences { margin: .5rem 0; padding-left: 1.35rem; max-width: 44rem; }
.sentences li { margin-bottom: .35rem; }
details { margin-top: .35rem; font-size: .875rem; }
summary { cursor: pointer; }
details table { margin-top: .5rem; }
details th, details td { padding-top: .2rem; padding-bottom: .2rem; font-size: .8125rem; }
details tbody th { font-size: .8125rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1.1rem 1.5rem; margin: 1rem 0 0; }
.facts div { min-width: 0; }
.facts.small { margin-bottom: 1.25rem; }
.facts.small dd { font-size: .9375rem; overflow-wrap: anywhere; }
dt { font-size: .875rem; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
pre { background: var(--panel); padding: .8rem 1rem; border-radius: 6px; overflow-x: auto; font: .875rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code { font: .9em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
@media print { body { max-width: none; padding: 0; } figure, tr, .shots li, .cards li { break-inside: avoid; } .scroll { overflow: visible; } }
`);
