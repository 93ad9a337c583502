import { sum } from '../../arrays.ts';
import { count, fixed, percent } from '../../format.ts';
import { bar, binPoint, cell, chart, line, niceRange } from '../chart.ts';
import { describeCalibration } from '../describe-calibration.ts';
import { describeTeachers, type Teachers } from '../describe-mixture.ts';
import { html, type Markup } from '../html.ts';
import { isMultiLabel } from '../main-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { errorEstimates, planeWidth, type WeightPlane } from '../weight-plane.ts';
import { panel, percentTick } from './panel.ts';
import { exampleList, type Previews } from './previews.ts';

/** Renders the teacher's errors by margin, and the weights computed from them. */
export function weightingSection(metrics: RunMetrics, previews: Previews): Markup | false {
  const { teachers, calibration, teacherCurve, meanWeight, isWeighted } = metrics;
  const plane = isWeighted ? metrics.weightPlane : [];
  const weights = isWeighted ? metrics.weights : [];
  const least = isWeighted ? metrics.leastWeighed : [];
  if (teacherCurve.length === 0 && weights.length === 0) return false;
  const unit = isMultiLabel(metrics.metrics) ? 'decisions' : 'examples';
  return html`<section>
<h2>${isWeighted ? 'Teacher errors and weights' : 'Teacher errors'}</h2>
${teachers && teachersTable(teachers)}
${calibration && html`<p>${describeCalibration(calibration, isMultiLabel(metrics.metrics))}</p>`}
<div class="charts">
${teacherCurve.length > 0 && teacherPanel(teacherCurve, unit, plane)}
${weights.length > 0 && weightPanel(weights, meanWeight, unit)}
${plane.length > 0 && planePanel(plane, unit)}
</div>
${least.length > 0 && leastWeighedList(least, previews)}
</section>`;
}

function teachersTable(teachers: Teachers): Markup {
  const { members, examples, isMixed, mixture } = teachers;
  const rows = isMixed ? [...members, { name: 'mixture', weight: 1, ...mixture }] : members;
  return html`<p>${describeTeachers(teachers)}</p>
<div class="scroll" role="region" aria-label="Teachers" tabindex="0"><table class="narrow">
<caption>Teachers, each on ${count(examples)} labels that it has not learned. The weights have the smallest log-loss out of fold.</caption>
<thead><tr><th scope="col">Teacher</th><th scope="col">Weight</th><th scope="col">Accuracy</th><th scope="col">Log-loss</th></tr></thead>
<tbody>${rows.map(
    ({ name, weight, accuracy, logLoss }) =>
      html`<tr><th scope="row">${name}</th><td>${percent(weight, 0)}</td><td>${percent(accuracy)}</td><td>${fixed(logLoss, 3)}</td></tr>
`,
  )}</tbody>
</table></div>`;
}

function leastWeighedList(examples: RunMetrics['leastWeighed'], previews: Previews): Markup {
  const hasLabels = examples.some(({ label }) => label !== undefined);
  const caption = `${hasLabels ? 'Decisions' : 'Examples'} with the smallest weights in the first epoch of the method weighted`;
  const list = examples.map(({ shard, id, label, prediction, ...figures }) => ({
    shard,
    id,
    facts: [
      ...(label === undefined ? [] : [{ name: 'Label', text: label, isText: true }]),
      ...(prediction === undefined ? [] : [{ name: 'Teacher', text: prediction, isText: true }]),
      { name: 'Weight', text: fixed(figures.weight, 3) },
      { name: 'Error probability', text: percent(figures.errorProbability, 0) },
      { name: 'Margin', text: fixed(figures.teacherMargin, 3) },
    ],
  }));
  return exampleList('Examples with small weights', list, previews, caption);
}

/** Noun for the answers that are counted: the decisions of a multi-label task, one per label. */
type Unit = 'examples' | 'decisions';

function teacherPanel(curve: RunMetrics['teacherCurve'], unit: Unit, plane: WeightPlane): Markup {
  const title = 'The teacher is wrong more often if its margin is small';
  const plain = 'Error of the teacher by its margin';
  const estimates = errorEstimates(plane);
  const estimated =
    estimates.length > 0
      ? ` Dashed: the estimate for unlabeled ${unit}, from which their weights follow.`
      : '';
  const measured =
    unit === 'examples'
      ? 'Share of validation examples that the teacher misclassifies, by its margin (largest minus second-largest probability), with 95% intervals.'
      : 'Share of decisions about labels of validation examples that the teacher gets wrong, by its margin (distance of the probability from one half, times two). The 95% intervals ignore that the decisions about one example depend on each other.';
  const caption = `${measured}${estimated}`;
  const filled = curve.filter(({ count: examples }) => examples > 0);
  const tops = [...filled.map(({ errorRate }) => errorRate.high), ...estimates.map(([, p]) => p)];
  const top = niceRange([0, ...tops]).high;
  const drawn = chart(
    plain,
    caption,
    { label: 'margin of the teacher', low: 0, high: 1 },
    { label: 'error', low: 0, high: top, format: percentTick },
    (scales) =>
      html`${filled.map(({ low, high, errorRate }) => binPoint(scales, low, high, errorRate))}${line(scales, estimates, 1)}`,
  );
  const rows = curve.map(({ low, high, count: examples, errorRate }) => [
    `${fixed(low, 2)} to ${fixed(high, 2)}`,
    count(examples),
    ...(examples > 0
      ? [percent(errorRate.value), `${percent(errorRate.low)} to ${percent(errorRate.high)}`]
      : ['–', '–']),
  ]);
  const falls = (filled[0]?.errorRate.value ?? 0) > (filled.at(-1)?.errorRate.value ?? 0);
  return panel(
    falls ? title : plain,
    caption,
    drawn,
    ['Margin', unit === 'examples' ? 'Examples' : 'Decisions', 'Error', '95% interval'],
    rows,
  );
}

function weightPanel(bins: RunMetrics['weights'], meanWeight: number, unit: Unit): Markup {
  const total = sum(bins.map(({ count: examples }) => examples));
  const isPerExample = unit === 'examples';
  const title = isPerExample
    ? 'Weights of the unlabeled examples'
    : 'Weights of the decisions about unlabeled examples';
  const caption = `Their mean is ${fixed(meanWeight, 3)}. A small weight marks ${isPerExample ? 'an example' : 'a decision'} on which the teacher is probably wrong.`;
  const drawn = chart(
    title,
    caption,
    { label: 'weight', low: bins[0]!.low, high: bins.at(-1)!.high },
    {
      label: unit,
      low: 0,
      high: niceRange([0, ...bins.map(({ count: examples }) => examples)]).high,
      format: shortCount,
    },
    (scales) =>
      html`${bins.map(({ low, high, count: examples }) => bar(scales, low, high, 0, examples))}`,
  );
  const rows = bins.map(({ low, high, count: examples }) => [
    `${fixed(low, 2)} to ${fixed(high, 2)}`,
    count(examples),
    percent(total > 0 ? examples / total : 0),
  ]);
  return panel(
    title,
    caption,
    drawn,
    ['Weight', isPerExample ? 'Examples' : 'Decisions', 'Share'],
    rows,
  );
}

function planePanel(plane: WeightPlane, unit: Unit): Markup {
  const title = 'Weights by both margins';
  const weights = plane.map(({ weight }) => weight);
  const [least, most] = [Math.min(...weights), Math.max(...weights)];
  const caption = `Mean weight of the unlabeled ${unit} by the margin of the teacher (to the right) and of the student after Warm up (upwards). The stronger the colour, the smaller the weight, from ${fixed(most, 2)} to ${fixed(least, 2)}.`;
  const strength = (weight: number) => (most > least ? (most - weight) / (most - least) : 0);
  const drawn = chart(
    title,
    caption,
    { label: 'margin of the teacher', low: 0, high: 1 },
    { label: 'margin of the student', low: 0, high: 1 },
    (scales) =>
      html`${plane.map(({ teacher, student, weight }) =>
        cell(
          scales,
          [teacher, teacher + planeWidth],
          [student, student + planeWidth],
          0.05 + 0.95 * strength(weight),
        ),
      )}`,
  );
  const range = (low: number) => `${fixed(low, 1)} to ${fixed(low + planeWidth, 1)}`;
  const rows = plane.map(({ teacher, student, decisions, weight, errorProbability }) => [
    range(teacher),
    range(student),
    count(decisions),
    fixed(weight, 3),
    percent(errorProbability, 0),
  ]);
  const head = [
    ...['Margin of the teacher', 'Margin of the student'],
    ...[unit === 'examples' ? 'Examples' : 'Decisions', 'Mean weight', 'Error probability'],
  ];
  return panel(title, caption, drawn, head, rows);
}

/** Formats a count for an axis. @example shortCount(1500) // 1.5k */
function shortCount(value: number): string {
  for (const [size, suffix] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (value >= size) return `${Number((value / size).toFixed(2))}${suffix}`;
  }
  return Number.isInteger(value) ? String(value) : '';
}
