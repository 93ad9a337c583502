import { fixed } from '../format.ts';
import { html, type Markup } from './html.ts';
import type { Interval } from './schema.ts';
import { seriesClass } from './series.ts';

/**
 * Small SVG charts without scripts. A chart is `width` units wide and scales with its column. Its
 * colours come from the page's style sheet (`report/style.ts`), for light and dark mode.
 */
const width = 360;
const height = 220;
const margin = { top: 12, right: 14, bottom: 40, left: 46 };

/** Axis of a chart. */
export interface Axis {
  readonly label: string;
  readonly low: number;
  readonly high: number;
  /** Formats a tick. Default: as many digits as the step needs. */
  readonly format?: (value: number) => string;
}

/** Conversions from data to SVG units. */
export interface Scales {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/**
 * Returns about `wanted` round values (1, 2 or 5 times a power of ten) inside [low, high].
 * @example niceTicks(0, 1, 5) // [0, 0.2, 0.4, 0.6, 0.8, 1]
 */
export function niceTicks(low: number, high: number, wanted = 5): number[] {
  if (!(high > low)) return [low];
  const step = niceStep((high - low) / wanted);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => round((first + i) * step));
}

/** Returns the range of `values`, widened to round ends; one value gets room on both sides. */
export function niceRange(values: readonly number[], wanted = 5): { low: number; high: number } {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return { low: 0, high: 1 };
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  if (low === high) {
    const room = (Math.abs(low) || 1) / 10;
    return { low: round(low - room), high: round(high + room) };
  }
  const step = niceStep((high - low) / wanted);
  return {
    low: round(Math.floor(low / step + 1e-9) * step),
    high: round(Math.ceil(high / step - 1e-9) * step),
  };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Removes the error of binary fractions: 0.30000000000000004 becomes 0.3. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}

/** Draws axes and grid, then `draw`. Screen readers read `title` and `description`. */
export function chart(
  title: string,
  description: string,
  xAxis: Axis,
  yAxis: Axis,
  draw: (scales: Scales) => Markup,
): Markup {
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const scales: Scales = {
    x: linear(xAxis, margin.left, right),
    y: linear(yAxis, bottom, margin.top),
  };
  return html`<svg viewBox="0 0 ${width} ${height}" role="img">
<title>${title}</title><desc>${description}</desc>
${ticks(yAxis).map(
  ({
    at,
    text,
  }) => html`<line class="grid" x1="${margin.left}" x2="${right}" y1="${unit(scales.y(at))}" y2="${unit(scales.y(at))}"/>
<text class="tick" x="${margin.left - 8}" y="${unit(scales.y(at))}" dy="0.32em" text-anchor="end">${text}</text>`,
)}
${ticks(xAxis).map(
  ({ at, text }) =>
    html`<text class="tick" x="${unit(scales.x(at))}" y="${bottom + 16}" text-anchor="middle">${text}</text>`,
)}
<line class="axis" x1="${margin.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>
${draw(scales)}
<text class="label" x="${right}" y="${height - 6}" text-anchor="end">${xAxis.label}</text>
</svg>`;
}

function linear({ low, high }: Axis, from: number, to: number): (value: number) => number {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

function ticks(axis: Axis): { at: number; text: string }[] {
  const values = niceTicks(axis.low, axis.high);
  const step = (values[1] ?? 1) - (values[0] ?? 0);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const format = axis.format ?? ((value: number) => fixed(value, digits));
  return values.map((at) => ({ at, text: format(at) }));
}

/** Writes a coordinate with as many digits as are visible. */
function unit(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Draws a line through the points in the colour and dash of its series; NaN leaves a gap. */
export function line(
  { x, y }: Scales,
  points: readonly (readonly [number, number])[],
  series: number,
): Markup {
  let pen = 'M';
  let path = '';
  for (const [px, py] of points) {
    if (Number.isFinite(py)) path += `${pen}${unit(x(px))} ${unit(y(py))}`;
    pen = Number.isFinite(py) ? 'L' : 'M';
  }
  const last = points.findLast(([, py]) => Number.isFinite(py));
  if (!last) return html``;
  return html`<path class="line ${seriesClass(series)}" d="${path}"/><circle class="dot ${seriesClass(series)}" cx="${unit(x(last[0]))}" cy="${unit(y(last[1]))}" r="3"/>`;
}

/** Draws a bar from `base` up to `value`, over [low, high) of the x axis. */
export function bar(
  { x, y }: Scales,
  low: number,
  high: number,
  base: number,
  value: number,
): Markup {
  const gap = 1;
  const left = x(low) + gap / 2;
  return html`<rect class="bar" x="${unit(left)}" y="${unit(y(value))}" width="${unit(Math.max(x(high) - x(low) - gap, 0.5))}" height="${unit(Math.max(y(base) - y(value), 0))}"/>`;
}

/** Draws a cell [low, high) of both axes; `strength` of its colour is in [0, 1]. */
export function cell(
  { x, y }: Scales,
  [xLow, xHigh]: readonly [number, number],
  [yLow, yHigh]: readonly [number, number],
  strength: number,
): Markup {
  const gap = 1;
  return html`<rect class="heat" x="${unit(x(xLow))}" y="${unit(y(yHigh))}" width="${unit(x(xHigh) - x(xLow) - gap)}" height="${unit(y(yLow) - y(yHigh) - gap)}" fill-opacity="${strength.toFixed(2)}"/>`;
}

/** Draws the point of a bin [low, high] of the x axis, with its width and its interval. */
export function binPoint({ x, y }: Scales, low: number, high: number, point: Interval): Markup {
  const middle = unit(x((low + high) / 2));
  const at = unit(y(point.value));
  return html`<line class="bin" x1="${unit(x(low))}" x2="${unit(x(high))}" y1="${at}" y2="${at}"/>
<line class="whisker s0" x1="${middle}" x2="${middle}" y1="${unit(y(point.low))}" y2="${unit(y(point.high))}"/>
<circle class="dot s0" cx="${middle}" cy="${at}" r="3.5"/>`;
}

/** Draws a point with its interval for a table cell; all rows share the axis [from, to]. */
export function intervalCell(
  { value, low, high }: Interval,
  from: number,
  to: number,
  series: number,
): Markup {
  const x = linear({ label: '', low: from, high: to }, 6, 134);
  return html`<svg class="cell" viewBox="0 0 140 18" aria-hidden="true"><line class="grid" x1="6" x2="134" y1="9" y2="9"/><line class="whisker ${seriesClass(series)}" x1="${unit(x(low))}" x2="${unit(x(high))}" y1="9" y2="9"/><circle class="dot ${seriesClass(series)}" cx="${unit(x(value))}" cy="9" r="4"/></svg>`;
}
