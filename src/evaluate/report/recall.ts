import { count, percent } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { modelNames } from './panel.ts';

/** Maximum number of classes in an open table; longer ones are folded. */
const maxOpenClasses = 20;
/** Maximum number of rows, so that the report stays small: those of the worst recall. */
const maxRows = 500;

/** Renders each model's recall per class. */
export function recallSection(metrics: RunMetrics): Markup {
  const names = modelNames(metrics);
  const rows = shownClasses(metrics, names[0]!);
  const table = html`<div class="scroll" role="region" aria-label="Recall per class" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">Class</th>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (index) =>
      html`<tr><th scope="row" class="long">${metrics.classes[index]}</th>${names.map(
        (name) =>
          html`<td>${percent(metrics.metrics.models[name]!.recall[index]?.value ?? Number.NaN)}</td>`,
      )}</tr>
`,
  )}</tbody>
</table></div>`;
  return html`<section>
<h2>Recall per class</h2>
<p class="note">Share of a class's examples that a model classifies correctly. A dash: the ${metrics.evaluatedOn} set has no example of the class.</p>
${
  metrics.classes.length > maxOpenClasses
    ? html`<details><summary>${rows.length < metrics.classes.length ? `The ${count(rows.length)} classes of ${count(metrics.classes.length)} that ${names[0]} finds least` : `All ${count(rows.length)} classes`}</summary>${table}</details>`
    : table
}
</section>`;
}

/** Returns the indices of the classes in the table: all, or those with the lowest recall. */
function shownClasses({ classes, metrics }: RunMetrics, model: string): number[] {
  const all = [...classes.keys()];
  if (all.length <= maxRows) return all;
  const recall = (index: number) => metrics.models[model]!.recall[index]?.value ?? 1;
  return all.sort((a, b) => recall(a) - recall(b)).slice(0, maxRows);
}
