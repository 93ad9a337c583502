import { bytes, count, counted, fixed, percent, rounded } from '../../format.ts';
import type { MachineFile } from '../../run/machine-file.ts';
import { intervalCell, niceRange } from '../chart.ts';
import { html, type Markup } from '../html.ts';
import { mainMetric } from '../main-metric.ts';
import { type RunMetrics, sizeOf } from '../run-metrics.ts';
import type { Interval, MetricName } from '../schema.ts';
import { describeAccuracy } from '../teacher-judgement.ts';
import { modelNames } from './panel.ts';

/** Renders the metrics of every model, with intervals. */
export function figuresSection(metrics: RunMetrics, machine?: MachineFile): Markup {
  const names = modelNames(metrics);
  const models = metrics.metrics.models;
  const { name: main, title } = mainMetric(metrics.metrics);
  const mains = names.map((name) => models[name]![main]!);
  const { low, high } = niceRange(mains.flatMap((figure) => [figure.low, figure.high]));
  const { caption, columns } = tables[main];
  return html`<section>
<h2>Figures</h2>
<div class="scroll" role="region" aria-label="Figures of all models" tabindex="0"><table class="figures">
<caption>On the ${metrics.evaluatedOn} set, with 95% intervals by bootstrap. ${caption} Log-loss and calibration error: smaller is better.</caption>
<thead><tr><th scope="col">Model</th><th scope="colgroup" colspan="2">${title}</th>${columns.map(([, head]) => html`<th scope="col">${head}</th>`)}<th scope="col">Parameters and size</th>${machine && html`<th scope="col">Time per example</th>`}</tr></thead>
<tbody>${names.map((name, series) => {
    const model = models[name]!;
    return html`<tr><th scope="row">${name}</th>
<td>${intervalCell(mains[series]!, low, high, series)}</td><td>${withInterval(mains[series], percent)}</td>
${columns.map(([metric]) => html`<td>${withInterval(model[metric], metric === 'logLoss' ? (value) => fixed(value, 3) : percent)}</td>`)}
<td>${sizeText(metrics, name)}</td>${machine && html`<td>${latencyText(machine, name)}</td>`}</tr>
`;
  })}</tbody>
</table></div>
${machine && html`<p class="note">Time per example: from the example as it is in the data to its probabilities, one example at a time, with the encoder if there is one; median of ${counted(machine.latencyExamples, 'example')} on the machine below.${teacherText(machine)}</p>`}
${metrics.teacherAccuracy && html`<p class="note">${describeAccuracy(metrics.teacherAccuracy)}</p>`}
${metrics.baselines.map(
  ({ name, description }) => html`<p class="note"><code>${name}</code>: ${description}</p>
`,
)}</section>`;
}

/** Columns after that of the main metric, by its name. */
const tables: Readonly<
  Record<
    'accuracy' | 'microF1',
    { readonly caption: string; readonly columns: readonly (readonly [MetricName, string])[] }
  >
> = {
  accuracy: {
    caption: 'Recall and F1 are means over the classes, each of which counts alike.',
    columns: [
      ['macroRecall', 'Macro recall'],
      ['macroF1', 'Macro F1'],
      ['logLoss', 'Log-loss'],
      ['calibrationError', 'Calibration error'],
    ],
  },
  microF1: {
    caption:
      'A decision is yes or no to one label of one example; a label is predicted if its probability is above one half. Micro F1 is over all decisions. Macro recall, macro F1 and mean average precision are means over the labels, each of which counts alike. Exact match: the share of examples with all decisions right. Right decisions, log-loss and calibration error are over all decisions, most of which may be no.',
    columns: [
      ['macroRecall', 'Macro recall'],
      ['macroF1', 'Macro F1'],
      ['meanAveragePrecision', 'Mean average precision'],
      ['exactMatch', 'Exact match'],
      ['accuracy', 'Right decisions'],
      ['logLoss', 'Log-loss'],
      ['calibrationError', 'Calibration error'],
    ],
  },
};

function withInterval(figure: Interval | undefined, show: (value: number) => string): Markup {
  if (figure === undefined) return html`–`;
  const { value, low, high } = figure;
  return html`${show(value)} <small>${show(low)} to ${show(high)}</small>`;
}

/** Formats the time that a model needs for an example; a dash if it was not measured. */
function latencyText({ latency }: MachineFile, name: string): string {
  const seconds = latency[name];
  return seconds === undefined ? '–' : `${rounded(seconds * 1000)} ms`;
}

/** States how the teacher was timed, or why it was not; nothing for a run of an older version. */
function teacherText({ latency, teacherNotTimed }: MachineFile): string {
  if (teacherNotTimed !== undefined) return ` The teacher has no time: ${teacherNotTimed}.`;
  if (latency.teacher === undefined) return '';
  return ' The time of a teacher with several models is that of all of them, one after the other.';
}

/** Formats the parameters of a model with the bytes of its file below; a dash for the teacher. */
function sizeText(metrics: RunMetrics, name: string): Markup {
  const { parameters, bytes: size } = sizeOf(metrics, name);
  if (parameters === undefined || size === undefined) return html`–`;
  return html`${count(parameters)} <small>${bytes(size)}</small>`;
}
