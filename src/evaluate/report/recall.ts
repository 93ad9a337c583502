import { percent } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { modelNames } from './panel.ts';

/** More classes than this are folded away. */
const maxOpenClasses = 20;

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
<h2>Recall by class</h2>
<p class="note">Of the examples of a class, the share that a model finds. A dash: the ${metrics.evaluatedOn} set has none.</p>
${
  metrics.classes.length > maxOpenClasses
    ? html`<details><summary>All ${metrics.classes.length} classes</summary>${table}</details>`
    : table
}
</section>`;
}
