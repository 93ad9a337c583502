import { sum } from '../arrays.ts';
import { bytes, count, counted, fixed, percent, signedPoints } from '../format.ts';
import { bar, binPoint, chart, intervalCell, line, niceRange, seriesClass } from './chart.ts';
import { html, type Markup } from './html.ts';
import { costSection } from './report-cost.ts';
import { reportStyle } from './report-style.ts';
import type { Metrics } from './run-metrics.ts';
import type { Interval, MetricName } from './schema.ts';
import { caveats, verdict } from './verdict.ts';

/** The report of a run as one HTML file that needs nothing else: no script, no request. */
export function renderReport(metrics: Metrics): string {
  const { run, dataset, evaluatedOn } = metrics;
  const { outcome, headline, detail } = verdict(metrics);
  const warnings = [...caveats(metrics), ...metrics.warnings];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${dataset}: distillation report</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<p class="eyebrow">counterweight, distillation report</p>
<h1>${dataset}</h1>
<p>Run <code>${run}</code>. ${counted(metrics.classes.length, 'class', 'classes')}, evaluated on ${counted(metrics.metrics.examples, `${evaluatedOn} example`)}.</p>
</header>
<main>
<div class="verdict ${outcome}"><p class="headline">${headline}</p><p>${detail}</p></div>
${warnings.length > 0 && html`<ul class="warnings">${warnings.map((text) => html`<li>${text}</li>`)}</ul>`}
${figures(metrics)}
${differences(metrics)}
${training(metrics)}
${weighting(metrics)}
${deviations(metrics)}
${relabeling(metrics)}
${recall(metrics)}
${labelNext(metrics)}
${data(metrics)}
${costSection(metrics)}
${reproduction(metrics)}
</main>
</body>
</html>
`.text;
}

/** Students in the order of the config, so that each has the same colour everywhere; then the teacher. */
function modelNames({ students, metrics }: Metrics): string[] {
  const first = students.map(({ variant }) => variant).filter((name) => name in metrics.models);
  return [...first, ...Object.keys(metrics.models).filter((name) => !first.includes(name))];
}

function figures(metrics: Metrics): Markup {
  const names = modelNames(metrics);
  const models = metrics.metrics.models;
  const ends = names.flatMap((name) => [models[name]!.accuracy.low, models[name]!.accuracy.high]);
  const { low, high } = niceRange(ends);
  return html`<section>
<h2>Figures</h2>
<div class="scroll"><table>
<caption>On the ${metrics.evaluatedOn} set. Intervals hold 95% of bootstrap resamples. Log-loss and calibration error: smaller is better.</caption>
<thead><tr><th scope="col">Model</th><th scope="col" colspan="2">Accuracy and interval</th><th scope="col">Log-loss</th><th scope="col">Calibration error</th><th scope="col">Parameters</th><th scope="col">Size</th></tr></thead>
<tbody>${names.map((name, series) => {
    const { accuracy, logLoss, calibrationError } = models[name]!;
    const student = metrics.students.find(({ variant }) => variant === name);
    return html`<tr><th scope="row">${name}</th>
<td>${withInterval(accuracy, percent)}</td>
<td>${intervalCell(accuracy, low, high, series)}</td>
<td>${withInterval(logLoss, (value) => fixed(value, 3))}</td><td>${withInterval(calibrationError, percent)}</td>
<td>${student ? count(student.parameters) : '–'}</td><td>${student ? bytes(student.bytes) : '–'}</td></tr>
`;
  })}</tbody>
</table></div>
</section>`;
}

function withInterval({ value, low, high }: Interval, show: (value: number) => string): Markup {
  return html`${show(value)} <small>${show(low)} to ${show(high)}</small>`;
}

const metricNames: Readonly<Record<MetricName, string>> = {
  accuracy: 'accuracy, percentage points',
  logLoss: 'log-loss',
  calibrationError: 'calibration error, percentage points',
};

function differences({ metrics }: Metrics): Markup | false {
  if (metrics.differences.length === 0) return false;
  return html`<section>
<h2>Paired differences</h2>
<p class="note">Both models answered the same examples, so the luck of the draw of the test set cancels out. Where an interval includes 0, the data do not show a difference.</p>
<div class="scroll"><table class="narrow">
<thead><tr><th scope="col">Difference</th><th scope="col" class="text">In</th><th scope="col">Value</th><th scope="col">95% interval</th></tr></thead>
<tbody>${metrics.differences.map(({ a, b, metric, value, low, high }) => {
    const show = metric === 'logLoss' ? (x: number) => fixed(x, 4) : signedPoints;
    return html`<tr><th scope="row">${a} − ${b}</th><td class="text">${metricNames[metric]}</td><td>${show(value)}</td><td>${show(low)} to ${show(high)}</td></tr>
`;
  })}</tbody>
</table></div>
</section>`;
}

type Student = Metrics['students'][number];
type Epoch = Student['history'][number];

const agreementCaption =
  'Share of the unlabeled examples to which the student, while it learns, gives the class of their label. Once that is more than the share of labels that are right, it has learned some of the mistakes.';

function training({ students }: Metrics): Markup | false {
  if (students.every(({ history }) => history.length === 0)) return false;
  return html`<section>
<h2>Training</h2>
<ul class="legend">${students.map(({ variant }, series) => legendItem(variant, series))}</ul>
<div class="charts">
${curve(students, 'Loss', 'Mean training loss of an epoch, weighted where the student is.', ({ loss }) => loss)}
${curve(students, 'Agreement with the labels', agreementCaption, ({ agreement }) => agreement, percentTick)}
${curve(students, 'Mean weight', 'Mean loss weight of the unlabeled examples; 1 corrects nothing.', ({ meanWeight }) => meanWeight)}
</div>
</section>`;
}

/** One figure by epoch for every student that has it; nothing when none has. */
function curve(
  students: readonly Student[],
  title: string,
  caption: string,
  figure: (epoch: Epoch) => number | undefined,
  format?: (value: number) => string,
): Markup | false {
  const values = students.flatMap(({ history }) => history.flatMap((epoch) => figure(epoch) ?? []));
  if (values.length === 0) return false;
  const epochs = [
    ...new Set(students.flatMap(({ history }) => history.map(({ epoch }) => epoch))),
  ].sort((a, b) => a - b);
  const xAxis = {
    label: 'epoch',
    low: epochs[0]!,
    high: Math.max(epochs.at(-1)!, epochs[0]! + 1),
    format: integerTick,
  };
  const yAxis = { label: title, ...niceRange(values), ...(format && { format }) };
  const at = ({ history }: Student, epoch: number) => {
    const found = history.find((one) => one.epoch === epoch);
    return (found && figure(found)) ?? Number.NaN;
  };
  const drawn = chart(
    title,
    caption,
    xAxis,
    yAxis,
    (scales) =>
      html`${students.map((student, series) =>
        line(
          scales,
          epochs.map((epoch) => [epoch, at(student, epoch)] as const),
          series,
        ),
      )}`,
  );
  const show = format ? (value: number) => percent(value) : (value: number) => fixed(value, 4);
  const head = ['Epoch', ...students.map(({ variant }) => variant)];
  const rows = epochs.map((epoch) => [
    epoch,
    ...students.map((student) => show(at(student, epoch))),
  ]);
  return panel(title, caption, drawn, head, rows);
}

const percentTick = (value: number) =>
  percent(value, Number.isInteger(Math.round(value * 1e6) / 1e4) ? 0 : 1);
const integerTick = (value: number) => (Number.isInteger(value) ? String(value) : '');

function deviations(metrics: Metrics): Markup | false {
  const { byMargin, exaggeration } = metrics.deviations;
  const filled = byMargin.filter(({ examples }) => examples > 0);
  if (filled.length === 0) return false;
  const names = modelNames(metrics);
  const title = 'Accuracy by the margin of the teacher';
  const caption = `Share of ${metrics.evaluatedOn} examples that a model gets right, by the margin that the teacher has there.`;
  const share = ({ examples, right }: (typeof filled)[number], name: string) =>
    (right[name] ?? Number.NaN) / examples;
  const drawn = chart(
    title,
    caption,
    { label: 'margin of the teacher', low: 0, high: 1 },
    {
      label: title,
      ...niceRange(filled.flatMap((bin) => names.map((name) => share(bin, name)))),
      format: percentTick,
    },
    (scales) =>
      html`${names.map((name, series) =>
        line(
          scales,
          filled.map((bin) => [(bin.low + bin.high) / 2, share(bin, name)] as const),
          series,
        ),
      )}`,
  );
  const rows = filled.map((bin) => [
    `${fixed(bin.low, 1)} to ${fixed(bin.high, 1)}`,
    count(bin.examples),
    ...names.map((name) => percent(share(bin, name))),
  ]);
  const slope = (value: number | null | undefined) => fixed(value ?? Number.NaN, 2);
  return html`<section>
<h2>Students beside their teacher</h2>
<ul class="legend">${names.map((name, series) => legendItem(name, series))}</ul>
<div class="charts">${panel(title, caption, drawn, ['Margin', 'Examples', ...names], rows)}</div>
<p class="note">How much a student exaggerates: the slope of the logit of the probability that it gives to the class that the teacher finds most likely, by the logit that the teacher gives. Above 1 the student is surer than the teacher where that is sure. Where the teacher is wrong, less is better.</p>
<div class="scroll"><table class="narrow">
<thead><tr><th scope="col">Student</th><th scope="col">Slope</th><th scope="col">Where the teacher is wrong</th></tr></thead>
<tbody>${Object.entries(exaggeration).map(
    ([name, { all, teacherWrong }]) =>
      html`<tr><th scope="row">${name}</th><td>${slope(all)}</td><td>${slope(teacherWrong)}</td></tr>
`,
  )}</tbody>
</table></div>
</section>`;
}

function legendItem(name: string, series: number): Markup {
  return html`<li><svg viewBox="0 0 32 12" aria-hidden="true"><path class="line ${seriesClass(series)}" d="M1 6H31"/></svg>${name}</li>`;
}

function relabeling({ students }: Metrics): Markup | false {
  const relabeled = students.flatMap(({ variant, relabeling: rounds }) =>
    (rounds ?? []).map((round, place) => ({ variant, number: place + 1, ...round })),
  );
  const choices = students.flatMap(({ variant, choice }) =>
    choice ? [html`<p>${variant}: ${choice.explanation}</p>`] : [],
  );
  if (relabeled.length === 0 && choices.length === 0) return false;
  return html`<section>
<h2>Students in the place of the teacher</h2>
${choices}
<p class="note">Both answered examples of which neither had learned the label. Where the students win three of five disagreements, their labels are learned instead of the teacher's. The next round begins from them, and is taken when it is no worse. Where none is taken, the teacher's labels are learned, each weighed by how likely it is right.</p>
<div class="scroll"><table class="narrow">
<thead><tr><th scope="col">Student</th><th scope="col">Round</th><th scope="col">Examples</th><th scope="col">Right before</th><th scope="col">Right now</th><th scope="col">Gained</th><th scope="col">Lost</th><th scope="col" class="text">So</th></tr></thead>
<tbody>${relabeled.map(
    (round) =>
      html`<tr><th scope="row">${round.variant}</th><td>${round.number}</td><td>${count(round.examples)}</td><td>${percent(round.teacherRight / round.examples)}</td><td>${percent(round.studentRight / round.examples)}</td><td>${count(round.gained)}</td><td>${count(round.lost)}</td><td class="text">${round.accepted ? 'accepted' : 'refused'}</td></tr>
`,
  )}</tbody>
</table></div>
</section>`;
}

function weighting(metrics: Metrics): Markup | false {
  const { teacherCurve, weights, meanWeight, leastWeighed } = metrics;
  if (teacherCurve.length === 0 && weights.length === 0) return false;
  return html`<section>
<h2>What the weights correct</h2>
<div class="charts">
${teacherCurve.length > 0 && teacherPanel(teacherCurve)}
${weights.length > 0 && weightPanel(weights, meanWeight)}
</div>
${leastWeighed.length > 0 && leastWeighedTable(leastWeighed)}
</section>`;
}

function leastWeighedTable(examples: Metrics['leastWeighed']): Markup {
  return html`<div class="scroll"><table class="narrow">
<caption>The examples that count least in the first epoch of the method weighted</caption>
<thead><tr><th scope="col">Example</th><th scope="col">Weight</th><th scope="col">P(teacher wrong)</th><th scope="col">Margin</th></tr></thead>
<tbody>${examples.map(
    ({ id, weight, errorProbability, teacherMargin }) =>
      html`<tr><th scope="row" class="long">${id}</th><td>${fixed(weight, 3)}</td><td>${percent(errorProbability, 0)}</td><td>${fixed(teacherMargin, 3)}</td></tr>
`,
  )}</tbody>
</table></div>`;
}

function teacherPanel(curve: Metrics['teacherCurve']): Markup {
  const title = 'The teacher errs where its margin is small';
  const plain = 'Error of the teacher by its margin';
  const caption =
    'Share of validation examples that the teacher gets wrong, by its margin (largest minus second-largest probability), with 95% intervals.';
  const filled = curve.filter(({ count: examples }) => examples > 0);
  const top = niceRange([0, ...filled.map(({ errorRate }) => errorRate.high)]).high;
  const drawn = chart(
    plain,
    caption,
    { label: 'margin of the teacher', low: 0, high: 1 },
    { label: 'error', low: 0, high: top, format: percentTick },
    (scales) =>
      html`${filled.map(({ low, high, errorRate }) => binPoint(scales, low, high, errorRate))}`,
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
    ['Margin', 'Examples', 'Error', '95% interval'],
    rows,
  );
}

function weightPanel(bins: Metrics['weights'], meanWeight: number): Markup {
  const total = sum(bins.map(({ count: examples }) => examples));
  const title = 'Weights of the unlabeled examples';
  const caption = `Their mean is ${fixed(meanWeight, 3)}. An example that counts less is one where the teacher is often wrong.`;
  const drawn = chart(
    title,
    caption,
    { label: 'weight', low: bins[0]!.low, high: bins.at(-1)!.high },
    {
      label: 'examples',
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
  return panel(title, caption, drawn, ['Weight', 'Examples', 'Share'], rows);
}

/** 1500 is 1.5k; short enough for an axis. */
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

/** A chart with its heading, caption and, folded, its figures as a table. */
function panel(
  title: string,
  caption: string,
  drawn: Markup,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): Markup {
  return html`<figure>
<h3>${title}</h3>
${drawn}
<figcaption>${caption}</figcaption>
<details><summary>As a table</summary><div class="scroll"><table>
<thead><tr>${head.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${rows.map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div></details>
</figure>`;
}

/** More classes than this are folded away. */
const maxOpenClasses = 20;

function recall(metrics: Metrics): Markup {
  const names = modelNames(metrics);
  const table = html`<div class="scroll"><table class="narrow">
<thead><tr><th scope="col">Class</th>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${metrics.classes.map(
    (label, index) =>
      html`<tr><th scope="row" class="long">${label}</th>${names.map(
        (name) =>
          html`<td>${percent(metrics.metrics.models[name]!.recall[index]?.value ?? Number.NaN)}</td>`,
      )}</tr>
`,
  )}</tbody>
</table></div>`;
  return html`<section>
<h2>Recall by class</h2>
<p class="note">Of the examples of a class, the share that a model finds. A dash: the ${metrics.evaluatedOn} set has none.</p>
${
  metrics.classes.length > maxOpenClasses
    ? html`<details><summary>All ${metrics.classes.length} classes</summary>${table}</details>`
    : table
}
</section>`;
}

function labelNext({ run, labelNext: examples }: Metrics): Markup | false {
  if (examples.length === 0) return false;
  return html`<section>
<h2>What to label next</h2>
<p class="note">The unlabeled examples of which the teacher is least sure, spread over its classes. <code>runs/${run}/label-next.csv</code> has more: fill in its column <code>label</code>, then <code>counterweight add-labels</code> puts them into <code>labeled/</code>.</p>
<div class="scroll"><table class="narrow">
<thead><tr><th scope="col">Example</th><th scope="col" class="text">The teacher says</th><th scope="col">Margin</th></tr></thead>
<tbody>${examples.map(
    ({ id, prediction, margin }) =>
      html`<tr><th scope="row" class="long">${id}</th><td class="text">${prediction}</td><td>${fixed(margin, 3)}</td></tr>
`,
  )}</tbody>
</table></div>
</section>`;
}

function data({ run, labels, quarantined, quarantineExamples }: Metrics): Markup {
  const facts = [
    ['Labeled', count(labels.labeled)],
    ['Validation', count(labels.validation)],
    ['Test', count(labels.test)],
    ['Unlabeled', count(labels.unlabeled)],
    ['Quarantined', count(quarantined)],
  ] as const;
  const shown = quarantineExamples.length;
  return html`<section>
<h2>Data</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${
  quarantined > 0 &&
  html`<p class="note">Quarantined examples could not be used. <code>runs/${run}/quarantine/</code> has the reason for each.</p>`
}
${
  shown > 0 &&
  html`<div class="scroll"><table class="reasons">
<caption>${shown < quarantined ? `${count(shown)} of the ${count(quarantined)} quarantined examples` : 'Quarantined examples'}</caption>
<thead><tr><th scope="col">Example</th><th scope="col" class="text">Reason</th></tr></thead>
<tbody>${quarantineExamples.map(
    ({ id, reason }) =>
      html`<tr><th scope="row" class="long">${id}</th><td class="text long">${reason}</td></tr>
`,
  )}</tbody>
</table></div>`
}
</section>`;
}

function reproduction({ run, dataset }: Metrics): Markup {
  return html`<section>
<h2>Again</h2>
<p>The same data and the same <code>distill.yaml</code> give the same run, with the same seed. Run it on the dataset's folder or bucket:</p>
<pre>counterweight run ${dataset}</pre>
<p class="note">The figures of this page, for machines: <code>runs/${run}/metrics.json</code>.</p>
</section>`;
}
