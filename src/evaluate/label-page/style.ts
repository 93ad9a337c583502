import { trusted } from '../html.ts';

/** Style sheet of the page to label. Dark mode follows the reader's system. */
export const pageStyle = trusted(`
:root { color-scheme: light dark; --paper: #fdfdfc; --ink: #1c1e21; --soft: #5d636b; --rule: #c9cbc8; --panel: #f0f0ec; --chosen: #1f5fa8; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181b; --ink: #e8e8e6; --soft: #a1a7ae; --rule: #4a4f55; --panel: #24282c; --chosen: #2f6fb8; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: clamp(1rem, 4vw, 2.5rem); }
h1 { margin: 0; font-size: 1.35rem; overflow-wrap: anywhere; }
.note, .id { color: var(--soft); font-size: .9375rem; }
.line { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: 1rem 0; }
progress { flex: 1; min-width: 8rem; height: .6rem; accent-color: var(--chosen); }
#example { min-height: 14rem; margin: 1rem 0; padding: 1rem; background: var(--panel); border-radius: 6px; }
#example img { display: block; width: min(100%, 20rem); height: 20rem; object-fit: contain; margin: 0 auto; }
#example .pixels { image-rendering: pixelated; }
.words { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 1.125rem; }
.id { margin: .75rem 0 0; overflow-wrap: anywhere; font-size: .8125rem; }
table { border-collapse: collapse; }
th { padding: .2rem 1.5rem .2rem 0; text-align: left; font-weight: 500; color: var(--soft); vertical-align: top; }
td { overflow-wrap: anywhere; }
#classes { display: flex; flex-wrap: wrap; gap: .5rem; }
button { padding: .5rem .9rem; border: 1px solid var(--rule); border-radius: 6px; background: var(--paper); color: inherit; font: inherit; cursor: pointer; }
button:disabled { opacity: .5; cursor: default; }
button[aria-pressed="true"] { background: var(--chosen); border-color: var(--chosen); color: #fff; }
kbd { padding: 0 .3rem; border: 1px solid currentColor; border-radius: 3px; font: .8em ui-monospace, Menlo, Consolas, monospace; opacity: .8; }
[hidden] { display: none; }
#save { margin-left: auto; }
`);
