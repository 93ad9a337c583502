/**
 * The gain of each method over plain distillation, as an SVG: one panel per cell, one line per
 * method.
 */
import { sum } from '../src/arrays.ts';
import { niceRange, niceTicks } from '../src/evaluate/chart.ts';
import { html, type Markup } from '../src/evaluate/html.ts';
import type { CellSummary } from './summary.ts';
import { plotted } from './tables.ts';

const width = 760;
const rowHeight = 18;
/** Margins of a panel: the title above, the ticks below, and the names on the left. */
const head = 34;
const foot = 34;
const left = 190;
const right = 20;

const style = `
text { font: 12px system-ui, sans-serif; fill: #444; }
.title { font-weight: 600; }
.grid { stroke: #ddd; }
.zero { stroke: #444; }
.whisker { stroke: #2563a8; stroke-width: 2; }
.dot { fill: #2563a8; }
.default { stroke: #b4460f; fill: #b4460f; }`;

export function plot(cells: readonly CellSummary[]): string {
  const panels = cells.map(panelOf);
  const height = sum(panels.map(({ height }) => height));
  let y = 0;
  const drawn = panels.map((panel) => {
    const group = html`<g transform="translate(0 ${y})">${panel.drawn}</g>`;
    y += panel.height;
    return group;
  });
  return `${
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>What each method gains over plain distillation</title>
<desc>Percentage points of accuracy over a student of the hard labels of one teacher, with 95% intervals.</desc>
<style>${style}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
${drawn}
</svg>`.text
  }\n`;
}

function panelOf({ problem, labels, draws, methods }: CellSummary): {
  drawn: Markup;
  height: number;
} {
  const rows = plotted.flatMap(({ key, name }) => {
    const method = methods.find((one) => one.name === key);
    // A single draw has no interval, so it is not drawn.
    return method && !Number.isNaN(method.overHard.low)
      ? [{ key, name, gain: method.overHard }]
      : [];
  });
  const points = rows.flatMap(({ gain }) => [gain.low, gain.high]).map((share) => 100 * share);
  const { low, high } = niceRange([0, ...points]);
  const x = (value: number) => left + ((value - low) / (high - low)) * (width - left - right);
  const bottom = head + rows.length * rowHeight;
  const drawn = html`<text class="title" x="12" y="20">${problem}, ${labels} labels (${draws} draws): percentage points over plain, hard labels</text>
${niceTicks(low, high).map(
  (tick) =>
    html`<line class="${tick === 0 ? 'zero' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="${head - 4}" y2="${bottom}"/><text x="${x(tick)}" y="${bottom + 14}" text-anchor="middle">${tick}</text>`,
)}
${rows.map(({ key, name, gain }, index) => {
  const y = head + (index + 0.5) * rowHeight;
  const mark = key === 'cross-fitted/relabel' ? ' default' : '';
  return html`<text x="${left - 10}" y="${y}" dy="0.32em" text-anchor="end">${name}</text><line class="whisker${mark}" x1="${x(100 * gain.low)}" x2="${x(100 * gain.high)}" y1="${y}" y2="${y}"/><circle class="dot${mark}" cx="${x(100 * gain.mean)}" cy="${y}" r="4"/>`;
})}`;
  return { drawn, height: bottom + foot };
}
