import { count, percent } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import { mainMetric } from '../main-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';
import type { Interval } from '../schema.ts';
import { modelNames } from './panel.ts';

/** Renders the main metric with and without the test examples that are in another set as well. */
export function leakageSection(metrics: RunMetrics): Markup | false {
  const { leakage } = metrics;
  if (leakage === undefined) return false;
  const { without, sets } = leakage;
  const { name: main, title } = mainMetric(metrics.metrics);
  const rows = modelNames(metrics).map((name) => ({
    name,
    all: shown(metrics.metrics.models[name]?.[main]),
    others: shown(without?.models[name]?.[main]),
  }));
  return html`<section>
<h2>Test examples in other sets</h2>
<p class="note">${count(leakage.examples)} of the ${count(leakage.of)} test examples are also in another set: ${count(sets.labeled)} in the labeled, ${count(sets.validation)} in the validation and ${count(sets.unlabeled)} in the unlabeled set.</p>
<div class="scroll" role="region" aria-label="Test examples in other sets" tabindex="0"><table class="narrow">
<caption>${title} with its 95% interval</caption>
<thead><tr><th scope="col">Model</th><th scope="col">All ${count(leakage.of)}</th><th scope="col">The other ${count(leakage.of - leakage.examples)}</th></tr></thead>
<tbody>${rows.map(
    ({
      name,
      all,
      others,
    }) => html`<tr><th scope="row">${name}</th><td>${all}</td><td>${others}</td></tr>
`,
  )}</tbody>
</table></div>
</section>`;
}

function shown(figure: Interval | undefined): string {
  if (figure === undefined) return '–';
  const { value, low, high } = figure;
  return `${percent(value)} (${percent(low)} to ${percent(high)})`;
}
