import { fixed } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import { mainMetric } from '../main-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** Renders the first examples of `label-next.csv`. */
export function labelNextSection({
  run,
  labelNext: examples,
  metrics,
}: RunMetrics): Markup | false {
  const { classes } = mainMetric(metrics);
  if (examples.length === 0) return false;
  return html`<section>
<h2>What to label next</h2>
<p class="note">The unlabeled examples on which the teacher is least sure, spread over its ${classes}. <code>runs/${run}/label-next.csv</code> lists more: fill in its column <code>label</code>, then <code>counterweight add-labels</code> copies them into <code>labeled/</code>.</p>
<div class="scroll"><table class="narrow">
<thead><tr><th scope="col">Example</th><th scope="col" class="text">Pseudo-label</th><th scope="col">Margin</th></tr></thead>
<tbody>${examples.map(
    ({ id, prediction, margin }) =>
      html`<tr><th scope="row" class="long">${id}</th><td class="text">${prediction}</td><td>${fixed(margin, 3)}</td></tr>
`,
  )}</tbody>
</table></div>
</section>`;
}
