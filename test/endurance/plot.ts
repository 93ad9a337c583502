/** Draws the memory of a long process as a static SVG: a panel per measure, a line per part. */
import { niceRange, niceTicks } from '../../src/evaluate/chart.ts';
import { html } from '../../src/evaluate/html.ts';
import { seriesClass, seriesStyles } from '../../src/evaluate/series.ts';
import type { Sample } from './level.ts';

const measures = {
  rssMiB: 'resident memory, MiB',
  heapMiB: 'heap in use, MiB',
  tensors: 'tensors',
} as const;

const [width, height, left, top] = [760, 180, 60, 30];

export function plotSamples(found: Readonly<Record<string, readonly Sample[]>>): string {
  const parts = Object.entries(found);
  const panels = Object.entries(measures).map(([name, title], index) =>
    panel(parts, name as keyof typeof measures, title, index * height),
  );
  const whole = height * panels.length + 20;
  const rules = seriesStyles.map(
    ({ light, dash }, series) =>
      `.${seriesClass(series)} { stroke: ${light}; stroke-dasharray: ${dash}; }`,
  );
  const legend = parts.map(
    ([name], series) => html`<text x="${left + 120 * series}" y="${whole - 6}">${name}</text>
<path class="line ${seriesClass(series)}" d="M${left + 60 + 120 * series} ${whole - 10}h40"/>`,
  );
  return `${
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${whole}" role="img">
<title>Memory of one process</title>
<style>text { font: 12px system-ui, sans-serif; fill: #444; } .grid { stroke: #ddd; } .line { fill: none; }
${rules.join('\n')}</style>
<rect width="${width}" height="${whole}" fill="#fff"/>
${panels}
${legend}
</svg>`.text
  }\n`;
}

function panel(
  parts: readonly (readonly [string, readonly Sample[]])[],
  name: keyof typeof measures,
  title: string,
  y0: number,
) {
  const samples = parts.flatMap(([, all]) => all);
  const { low, high } = niceRange([0, ...samples.map((sample) => sample[name])]);
  const end = Math.max(1, ...samples.map(({ seconds }) => seconds));
  const x = (seconds: number) => left + ((width - left - 20) * seconds) / end;
  const y = (value: number) =>
    y0 + height - 20 - ((height - 20 - top) * (value - low)) / (high - low);
  const grid = niceTicks(low, high).map(
    (
      tick,
    ) => html`<line class="grid" x1="${left}" x2="${width - 20}" y1="${y(tick)}" y2="${y(tick)}"/>
<text x="${left - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
  );
  const lines = parts.map(([, all], series) => {
    const points = all.map(
      (sample) => `${x(sample.seconds).toFixed(1)},${y(sample[name]).toFixed(1)}`,
    );
    return html`<polyline class="line ${seriesClass(series)}" points="${points.join(' ')}"/>`;
  });
  return html`<text x="${left}" y="${y0 + 18}">${title}, over ${Math.round(end / 60)} minutes</text>
${grid}
${lines}`;
}
