/** Makes the pictures of docs/how-the-weights-work.md by simulation, with the product's code. */
import { sum } from '../src/arrays.ts';
import { type Random, randomFor } from '../src/data/random.ts';
import {
  createWeightEstimator,
  defaultNeighbors,
  type ValidationOutputs,
  validationPoints,
} from '../src/debias/index.ts';
import { type Axis, chart, line, type Scales } from '../src/evaluate/chart.ts';
import { html, type Markup, trusted } from '../src/evaluate/html.ts';
import { seriesRules, seriesVariables } from '../src/evaluate/series.ts';

const classes = 3;
/** A typical example: its margins, and the validation examples nearest to it. */
const example = { teacher: 0.25, student: 0.4 };
const options = { reading: 'ratioOfMeans', bounds: [0, 1] } as const;

const validation = validationPoints({ ...simulate(400, randomFor(1)), targets: 'hard' });
const estimator = createWeightEstimator(validation, options);
const unlabeled = validationPoints({ ...simulate(100_000, randomFor(2)), targets: 'hard' });

/** Returns the pictures by file name. */
export function pictures(): Record<string, string> {
  return { 'neighbors.svg': neighbors(), 'weights.svg': weights(), 'loss.svg': loss() };
}

/**
 * Simulates a teacher and a student. Both see the true class, with a strength that differs by
 * example, and noise. Some of the noise is common: the student repeats mistakes of the teacher.
 */
function simulate(n: number, random: Random): ValidationOutputs {
  const labels = new Int32Array(n);
  const teacherProbabilities = new Float32Array(n * classes);
  const studentProbabilities = new Float32Array(n * classes);
  for (let i = 0; i < n; i++) {
    const label = Math.floor(random() * classes);
    labels[i] = label;
    const strength = 5 * random();
    const common = Array.from({ length: classes }, () => normal(random));
    for (const out of [teacherProbabilities, studentProbabilities]) {
      const scores = common.map(
        (noise, c) => (c === label ? strength : 0) + 0.5 * noise + normal(random),
      );
      const powers = scores.map(Math.exp);
      const total = sum(powers);
      out.set(
        powers.map((power) => power / total),
        i * classes,
      );
    }
  }
  return { teacherProbabilities, studentProbabilities, labels, classes };
}

/** Draws from the standard normal distribution (Box and Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const margin = { low: 0, high: 1 };
const teacherAxis: Axis = { label: 'margin of the teacher', ...margin };
const studentAxis: Axis = { label: 'margin of the student', ...margin };

/** Draws the validation examples, and the neighbours of one example. */
function neighbors(): string {
  const { teacherMargins: xs, studentMargins: ys, wrong } = validation;
  const distances = Array.from(xs, (x, i) =>
    Math.hypot(x - example.teacher, ys[i]! - example.student),
  );
  const k = defaultNeighbors(xs.length);
  const radius = distances.toSorted((a, b) => a - b)[k - 1]!;
  const nearest = distances.flatMap((distance, i) => (distance <= radius ? [wrong[i]!] : []));
  const description = `Of the ${k} validation examples nearest to an example, the teacher is wrong on ${sum(nearest)}.`;
  return picture('Neighbours of an example', description, teacherAxis, studentAxis, {
    legend: [
      ['teacher right', 0],
      ['teacher wrong', 1],
    ],
    draw: ({ x, y }) => html`${Array.from(
      xs,
      (at, i) =>
        html`<circle class="dot ${wrong[i] === 1 ? 's1' : 's0'}" cx="${short(x(at))}" cy="${short(y(ys[i]!))}" r="${wrong[i] === 1 ? 2.5 : 1.5}"/>\n`,
    )}
<ellipse class="ring" cx="${short(x(example.teacher))}" cy="${short(y(example.student))}" rx="${short(x(radius) - x(0))}" ry="${short(y(0) - y(radius))}"/>
<path class="ring" d="M${short(x(example.teacher) - 5)} ${short(y(example.student))}h10m-5 -5v10"/>`,
  });
}

/** Draws the weight at each place of the plane. */
function weights(): string {
  const steps = 20;
  const cells = Array.from({ length: steps * steps }, (_, cell) => {
    const [column, row] = [cell % steps, Math.floor(cell / steps)];
    const { weight } = estimator.at((column + 0.5) / steps, (row + 0.5) / steps);
    return { column, row, weight };
  });
  const least = Math.min(...cells.map(({ weight }) => weight));
  const description = `The stronger the colour, the smaller the weight. It is 1 where no neighbour is wrong; the smallest is ${least.toFixed(2)}.`;
  return picture('Weight by both margins', description, teacherAxis, studentAxis, {
    legend: [
      ['weight 0', 0],
      ['1/2', 0, 0.5],
      ['1', 0, 0],
    ],
    draw: ({ x, y }) =>
      html`${cells.map(
        ({ column, row, weight }) =>
          html`<rect class="cell" fill-opacity="${Number((1 - weight).toFixed(2))}" x="${short(x(column / steps))}" y="${short(y((row + 1) / steps))}" width="${short(x(1 / steps) - x(0))}" height="${short(y(0) - y(1 / steps))}"/>\n`,
      )}`,
  });
}

/** Draws the mean losses of the student, by the margin of the teacher. */
function loss(): string {
  const bins = 10;
  const { teacherMargins, studentMargins, trueLosses, teacherLosses } = unlabeled;
  const means = {
    count: new Float64Array(bins),
    lines: [0, 1, 2].map(() => new Float64Array(bins)),
  };
  teacherMargins.forEach((at, i) => {
    const bin = Math.min(bins - 1, Math.floor(at * bins));
    const { weight } = estimator.at(at, studentMargins[i]!);
    means.count[bin]! += 1;
    const values = [teacherLosses[i]!, weight * teacherLosses[i]!, trueLosses[i]!];
    for (const [series, value] of values.entries()) means.lines[series]![bin]! += value;
  });
  const lines = means.lines.map((totals) =>
    Array.from(totals, (total, bin) => [(bin + 0.5) / bins, total / means.count[bin]!] as const),
  );
  const top = Math.ceil(Math.max(...lines.flat().map(([, value]) => value)) * 10) / 10;
  const description =
    'Mean loss of the student on unlabeled examples. The weighted loss on the teacher’s labels is near the loss on the true labels.';
  const lossAxis: Axis = { label: 'mean loss of the student', low: 0, high: top };
  return picture('Loss by the margin of the teacher', description, teacherAxis, lossAxis, {
    legend: [
      ['teacher’s labels', 0],
      ['weighted', 1],
      ['true labels', 2],
    ],
    draw: (scales) => html`${lines.map((points, series) => line(scales, points, series))}`,
  });
}

/** Entries of a legend: text, series, and opacity of a cell if the picture has cells. */
type Legend = readonly (readonly [text: string, series: number, opacity?: number])[];

/** Makes a chart a file of its own, with a legend, for light and dark pages. */
function picture(
  title: string,
  description: string,
  xAxis: Axis,
  yAxis: Axis,
  { legend, draw }: { legend: Legend; draw: (scales: Scales) => Markup },
): string {
  const drawn = chart(title, description, xAxis, yAxis, draw).text;
  // The file has the title and the description.
  const inner = drawn.slice(drawn.indexOf('</desc>') + '</desc>'.length);
  const entries = legend.map(([text, series, opacity], index) => {
    const before = legend.slice(0, index).map(([other]) => 24 + 6 * other.length);
    const x = 8 + sum(before);
    return html`<g><rect class="key" style="fill: var(--s${series})" fill-opacity="${opacity ?? 1}" x="${x}" y="24" width="9" height="9"/><text x="${x + 13}" y="32">${text}</text></g>`;
  });
  return `${
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 370 265" width="740" height="530" role="img">
<title>${title}</title><desc>${description}</desc>
<style>
:root { --paper: #fdfdfc; --ink: #1c1e21; --soft: #5d636b; --rule: #e2e3e1; ${trusted(seriesVariables('light'))} }
@media (prefers-color-scheme: dark) {
:root { --paper: #16181b; --ink: #e8e8e6; --soft: #a1a7ae; --rule: #33373c; ${trusted(seriesVariables('dark'))} }
}
text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.grid { stroke: var(--rule); } .axis { stroke: var(--soft); }
.line, .ring { fill: none; stroke-width: 2; } .ring { stroke: var(--ink); }
${trusted(seriesRules)}
.dot { stroke: none; } .cell { fill: var(--s0); } .key { stroke: var(--soft); stroke-width: .5; }
</style>
<rect width="370" height="265" fill="var(--paper)"/>
<text x="8" y="15">${yAxis.label}</text>
${entries}
<svg y="40" width="360" height="220" viewBox="0 0 360 220" aria-hidden="true">${trusted(inner)}
</svg>`.text
  }\n`;
}

/** Writes a coordinate in as many digits as are visible. */
function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
