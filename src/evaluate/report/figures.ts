import { bytes, count, fixed, percent } from '../../format.ts';
import { intervalCell, niceRange } from '../chart.ts';
import { html, type Markup } from '../html.ts';
import { type RunMetrics, sizeOf } from '../run-metrics.ts';
import type { Interval } from '../schema.ts';
import { describeAccuracy } from '../teacher-judgement.ts';
import { modelNames } from './panel.ts';

/** Renders the metrics of every model, with intervals. */
export function figuresSection(metrics: RunMetrics): Markup {
  const names = modelNames(metrics);
  const models = metrics.metrics.models;
  const ends = names.flatMap((name) => [models[name]!.accuracy.low, models[name]!.accuracy.high]);
  const { low, high } = niceRange(ends);
  return html`<section>
<h2>Figures</h2>
<div class="scroll" role="region" aria-label="Figures of all models" tabindex="0"><table class="figures">
<caption>On the ${metrics.evaluatedOn} set, with 95% intervals by bootstrap. Recall and F1 are means over the classes, each of which counts alike. Log-loss and calibration error: smaller is better.</caption>
<thead><tr><th scope="col">Model</th><th scope="colgroup" colspan="2">Accuracy</th><th scope="col">Macro recall</th><th scope="col">Macro F1</th><th scope="col">Log-loss</th><th scope="col">Calibration error</th><th scope="col">Parameters and size</th></tr></thead>
<tbody>${names.map((name, series) => {
    const { accuracy, macroRecall, macroF1, logLoss, calibrationError } = models[name]!;
    return html`<tr><th scope="row">${name}</th>
<td>${intervalCell(accuracy, low, high, series)}</td><td>${withInterval(accuracy, percent)}</td>
<td>${withInterval(macroRecall, percent)}</td><td>${withInterval(macroF1, percent)}</td>
<td>${withInterval(logLoss, (value) => fixed(value, 3))}</td><td>${withInterval(calibrationError, percent)}</td>
<td>${sizeText(metrics, name)}</td></tr>
`;
  })}</tbody>
</table></div>
${metrics.teacherAccuracy && html`<p class="note">${describeAccuracy(metrics.teacherAccuracy)}</p>`}
${metrics.baselines.map(
  ({ name, description }) => html`<p class="note"><code>${name}</code>: ${description}</p>
`,
)}</section>`;
}

function withInterval({ value, low, high }: Interval, show: (value: number) => string): Markup {
  return html`${show(value)} <small>${show(low)} to ${show(high)}</small>`;
}

/** Formats the parameters of a model with the bytes of its file below; a dash for the teacher. */
function sizeText(metrics: RunMetrics, name: string): Markup {
  const { parameters, bytes: size } = sizeOf(metrics, name);
  if (parameters === undefined || size === undefined) return html`–`;
  return html`${count(parameters)} <small>${bytes(size)}</small>`;
}
