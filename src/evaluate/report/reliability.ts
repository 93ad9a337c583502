import { count, percent } from '../../format.ts';
import { chart, line } from '../chart.ts';
import { html, type Markup } from '../html.ts';
import { isMultiLabel } from '../main-metric.ts';
import { rawTeacher } from '../reliability.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { seriesStyles } from '../series.ts';
import { legendItem, modelNames, panel, percentTick } from './panel.ts';

/** Points of fewer decisions are noise, and are not drawn. */
const minDecisions = 10;

/**
 * Renders how often teacher and student are right, by their confidence. A calibrated teacher is
 * shown before and after calibration.
 */
export function reliabilitySection(metrics: RunMetrics): Markup | false {
  const { reliability = {}, evaluatedOn } = metrics;
  const names = modelNames(metrics);
  // The chart has two other models. With the last style, the line is like neither.
  const rawSeries = Math.min(names.length, seriesStyles.length - 1);
  const models = [...names.entries(), [rawSeries, rawTeacher] as const]
    .map(([series, name]) => ({ name, series, bins: reliability[name] ?? [] }))
    .filter(({ bins }) => bins.length > 0);
  if (models.length === 0) return false;
  const unit = isMultiLabel(metrics.metrics) ? 'Decisions' : 'Examples';
  const title = 'Share of right answers by confidence';
  const caption = `${unit} of the ${evaluatedOn} set in bins of the probability of the most likely answer. On the grey diagonal, confidence and accuracy agree; below it, the model is too sure. Bins with fewer than ${minDecisions} are not drawn.`;
  const drawn = chart(
    title,
    caption,
    { label: 'confidence', low: 0, high: 1, format: percentTick },
    { label: 'right', low: 0, high: 1, format: percentTick },
    (scales) =>
      html`<line class="axis" x1="${scales.x(0)}" y1="${scales.y(0)}" x2="${scales.x(1)}" y2="${scales.y(1)}"/>${models.map(
        ({ series, bins }) =>
          line(
            scales,
            bins
              .filter(({ decisions }) => decisions >= minDecisions)
              .map(({ confidence, decisions, right }) => [confidence, right / decisions] as const),
            series,
          ),
      )}`,
  );
  const rows = models.flatMap(({ name, bins }) =>
    bins.map(({ confidence, decisions, right }) => [
      name,
      percent(confidence),
      percent(right / decisions),
      count(decisions),
    ]),
  );
  return html`<section>
<h2>Reliability</h2>
<ul class="legend">${models.map(({ name, series }) => legendItem(name, series))}</ul>
<div class="charts">${panel(title, caption, drawn, ['Model', 'Mean confidence', 'Right', unit], rows)}</div>
</section>`;
}
