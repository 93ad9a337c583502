import { count, percent } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { modelNames } from './panel.ts';

/** Renders the figures per label of each model: open for the config's student, else folded. */
export function labelFiguresSection(metrics: RunMetrics): Markup {
  const { evaluatedOn } = metrics;
  const { examples, rankedExamples } = metrics.metrics;
  return html`<section>
<h2>Figures per label</h2>
<p class="note">Recall: the share of a label's examples for which a model predicts it. Precision: the share of its predictions that are right. F1 is their harmonic mean. Average precision is over all thresholds of the probability, and shows how well the model ranks the examples. A dash: the ${evaluatedOn} set has no example of the label, or the model never predicts it.</p>
${
  rankedExamples !== undefined &&
  html`<p class="note">Average precision is of a random sample of ${count(rankedExamples)} of the ${count(examples)} ${evaluatedOn} examples, because it needs all probabilities in memory.</p>`
}
${modelNames(metrics).map(
  (name, index) =>
    html`<details${index === 0 && html` open`}><summary>${name}</summary>${labelTable(metrics, name)}</details>
`,
)}</section>`;
}

function labelTable({ classes, metrics }: RunMetrics, name: string): Markup {
  const { recall, precision, predicted, f1, averagePrecision } = metrics.models[name]!;
  const found = (index: number) =>
    Math.round((recall[index]?.value ?? 0) * metrics.support[index]!);
  const show = (value: number | null | undefined) => percent(value ?? Number.NaN);
  return html`<div class="scroll" role="region" aria-label="Figures per label of ${name}" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">Label</th><th scope="col">Examples</th>${predicted && html`<th scope="col">Found</th><th scope="col">Missed</th><th scope="col">Wrongly predicted</th>`}<th scope="col">Precision</th><th scope="col">Recall</th><th scope="col">F1</th><th scope="col">Average precision</th></tr></thead>
<tbody>${classes.map(
    (label, index) =>
      html`<tr><th scope="row" class="long">${label}</th><td>${count(metrics.support[index]!)}</td>${predicted && html`<td>${count(found(index))}</td><td>${count(metrics.support[index]! - found(index))}</td><td>${count(predicted[index]! - found(index))}</td>`}<td>${show(precision?.[index]?.value)}</td><td>${show(recall[index]?.value)}</td><td>${show(f1?.[index])}</td><td>${show(averagePrecision?.[index])}</td></tr>
`,
  )}</tbody>
</table></div>`;
}
