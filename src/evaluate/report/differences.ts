import { fixed, signedPoints } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import { isMultiLabel } from '../main-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';
import type { MetricName } from '../schema.ts';

const metricTitles: Readonly<Record<MetricName, string>> = {
  accuracy: 'accuracy, percentage points',
  macroRecall: 'macro recall, percentage points',
  macroF1: 'macro F1, percentage points',
  logLoss: 'log-loss',
  calibrationError: 'calibration error, percentage points',
  microF1: 'micro F1, percentage points',
  meanAveragePrecision: 'mean average precision, percentage points',
  exactMatch: 'exact match, percentage points',
};

/** Renders the paired differences between the config's student and every other model. */
export function differencesSection({ metrics, students }: RunMetrics): Markup | false {
  const student = students[0]?.variant;
  const shown = metrics.differences.filter(({ a, b }) => a === student || b === student);
  if (shown.length === 0) return false;
  const titles = isMultiLabel(metrics)
    ? { ...metricTitles, accuracy: 'right decisions, percentage points' }
    : metricTitles;
  return html`<section>
<h2>Paired differences</h2>
<p class="note">Both models classify the same examples, so the random choice of the test set cancels out. If an interval includes 0, the data do not show a difference.</p>
<div class="scroll" role="region" aria-label="Paired differences" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">Difference</th><th scope="col" class="text">In</th><th scope="col">Value</th><th scope="col">95% interval</th></tr></thead>
<tbody>${shown.map(({ a, b, metric, value, low, high }) => {
    const show = metric === 'logLoss' ? (x: number) => fixed(x, 4) : signedPoints;
    return html`<tr><th scope="row">${a} − ${b}</th><td class="text">${titles[metric]}</td><td>${show(value)}</td><td>${show(low)} to ${show(high)}</td></tr>
`;
  })}</tbody>
</table></div>
</section>`;
}
