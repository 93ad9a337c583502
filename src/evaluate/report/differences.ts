import { fixed, signedPoints } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import { isMultiLabel } from '../main-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';
import type { Interval, MetricName } from '../schema.ts';

const metricTitles: Readonly<Record<MetricName, string>> = {
  accuracy: 'Accuracy',
  macroRecall: 'Macro recall',
  macroF1: 'Macro F1',
  logLoss: 'Log-loss',
  calibrationError: 'Calibration error',
  microF1: 'Micro F1',
  meanAveragePrecision: 'Mean average precision',
  exactMatch: 'Exact match',
};

/** Renders the paired differences between the config's student and every other model. */
export function differencesSection({ metrics, students }: RunMetrics): Markup | false {
  const student = students[0]?.variant;
  const rows = new Map<string, Map<MetricName, Interval>>();
  for (const { a, b, metric, value, low, high } of metrics.differences) {
    if (a !== student && b !== student) continue;
    const other = a === student ? b : a;
    const row = rows.get(other) ?? new Map<MetricName, Interval>();
    rows.set(
      other,
      row.set(
        metric,
        a === student ? { value, low, high } : { value: -value, low: -high, high: -low },
      ),
    );
  }
  if (rows.size === 0) return false;
  const titles = isMultiLabel(metrics)
    ? { ...metricTitles, accuracy: 'Right decisions' }
    : metricTitles;
  const columns = [...new Set([...rows.values()].flatMap((row) => [...row.keys()]))];
  return html`<section>
<h2>Paired differences</h2>
<p class="note">The ${student} student minus each other model, in percentage points except for log-loss. Both classify the same examples, so the random choice of the test set cancels out. Grey: the interval includes 0, so the data do not show a difference.</p>
<div class="scroll" role="region" aria-label="Paired differences" tabindex="0"><table class="figures">
<caption>With 95% intervals. A negative difference in log-loss or calibration error is better.</caption>
<thead><tr><th scope="col">${student} minus</th>${columns.map((metric) => html`<th scope="col">${titles[metric]}</th>`)}</tr></thead>
<tbody>${[...rows].map(
    ([other, row]) =>
      html`<tr><th scope="row">${other}</th>${columns.map((metric) => cell(row.get(metric), metric))}</tr>
`,
  )}</tbody>
</table></div>
</section>`;
}

function cell(difference: Interval | undefined, metric: MetricName): Markup {
  if (difference === undefined) return html`<td>–</td>`;
  const { value, low, high } = difference;
  const show = metric === 'logLoss' ? signedLoss : signedPoints;
  const isUnclear = low <= 0 && high >= 0;
  return html`<td${isUnclear && html` class="unclear"`}>${show(value)} <small>${show(low)} to ${show(high)}</small></td>`;
}

/** @example signedLoss(0.05) // +0.050 */
function signedLoss(value: number): string {
  const text = fixed(value, 3);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}
