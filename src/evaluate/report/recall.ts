import { percent } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { modelNames } from './panel.ts';

/** Maximum number of classes in an open table; longer ones are folded. */
const maxOpenClasses = 20;

/** Renders each model's recall per class. */
export function recallSection(metrics: RunMetrics): Markup {
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
<h2>Recall per class</h2>
<p class="note">Share of a class's examples that a model classifies correctly. A dash: the ${metrics.evaluatedOn} set has no example of the class.</p>
${
  metrics.classes.length > maxOpenClasses
    ? html`<details><summary>All ${metrics.classes.length} classes</summary>${table}</details>`
    : table
}
</section>`;
}
