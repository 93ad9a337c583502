import { describeColumn } from '../../data/features/column-lines.ts';
import { leftOutText } from '../../data/left-out-text.ts';
import { setNames } from '../../data/shard.ts';
import { count, counted } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import { mainMetric } from '../main-metric.ts';
import { reasonLines } from '../quarantine-reasons.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** Classes in an open table; longer ones are folded. The largest number of rows. */
const maxOpenClasses = 20;
const maxRows = 500;

/**
 * Renders the sizes of the sets, in all and by class, the columns of a table, examples that were
 * quarantined, and files that were left out.
 */
export function dataSection(metrics: RunMetrics): Markup {
  const { run, labels, quarantined, quarantineExamples, quarantineReasons } = metrics;
  const { leftOut, truncated = [] } = metrics;
  const facts = [
    ['Labeled', count(labels.labeled)],
    ['Validation', count(labels.validation)],
    ['Test', count(labels.test)],
    ['Unlabeled', count(labels.unlabeled)],
    ['Quarantined', count(quarantined)],
  ] as const;
  const shown = quarantineExamples.length;
  return html`<section>
<h2>Data</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${classesTable(metrics)}
${metrics.columns && columnsTable(metrics.columns)}
${
  quarantined > 0 &&
  html`<p class="note">Quarantined examples could not be used. <code>runs/${run}/quarantine/</code> has the reason for each.</p>`
}
${truncated.map(
  ({ encoder, maxLength, texts, of }) =>
    html`<p class="note">${count(texts)} of ${counted(of, 'text')} were cut to ${maxLength} tokens for ${encoder}.</p>
`,
)}
${leftOut.length > 0 && html`<p class="note">Files that are not data were left out: ${leftOutText(leftOut)}.</p>`}
${
  quarantineReasons.length > 1 &&
  html`<ul>${reasonLines(quarantineReasons, 10).map((line) => html`<li>${line}</li>`)}</ul>`
}
${
  shown > 0 &&
  html`<div class="scroll" role="region" aria-label="Quarantined examples" tabindex="0"><table class="reasons">
<caption>${shown < quarantined ? `${count(shown)} of the ${count(quarantined)} quarantined examples` : 'Quarantined examples'}</caption>
<thead><tr><th scope="col">Example</th><th scope="col" class="text">Reason</th></tr></thead>
<tbody>${quarantineExamples.map(
    ({ id, reason }) =>
      html`<tr><th scope="row" class="long">${id}</th><td class="text long">${reason}</td></tr>
`,
  )}</tbody>
</table></div>`
}
</section>`;
}

/** Renders the labeled examples per class and set; a multi-label example counts for each label. */
function classesTable({ classes, classCounts = {}, metrics }: RunMetrics): Markup | false {
  const sets = setNames.filter((set) => classCounts[set]);
  if (sets.length === 0) return false;
  const noun = mainMetric(metrics).oneClass;
  const shown = classes.slice(0, maxRows);
  const table = html`<div class="scroll" role="region" aria-label="Examples per ${noun}" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">${capitalized(noun)}</th>${sets.map((set) => html`<th scope="col">${capitalized(set)}</th>`)}</tr></thead>
<tbody>${shown.map(
    (name, index) =>
      html`<tr><th scope="row" class="long">${name}</th>${sets.map((set) => html`<td>${count(classCounts[set]![index]!)}</td>`)}</tr>
`,
  )}</tbody>
</table></div>`;
  const all = shown.length < classes.length ? `the first ${count(maxRows)} of ` : '';
  return html`<h3>Examples per ${noun}</h3>
${
  classes.length > maxOpenClasses
    ? html`<details><summary>Show ${all}${count(classes.length)} ${mainMetric(metrics).classes}</summary>${table}</details>`
    : table
}`;
}

/** @example capitalized('test') // Test */
function capitalized(word: string): string {
  return `${word[0]!.toUpperCase()}${word.slice(1)}`;
}

/** Renders the columns of a table: their use, values and notes. */
function columnsTable(columns: NonNullable<RunMetrics['columns']>): Markup {
  return html`<h3>Columns</h3>
<div class="scroll" role="region" aria-label="Columns" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">Column</th><th scope="col" class="text">Use</th><th scope="col" class="text">Values</th><th scope="col">Missing</th><th scope="col" class="text">Notes</th></tr></thead>
<tbody>${columns.slice(0, maxRows).map((column) => {
    const { use, content, missing, notes } = describeColumn(column);
    return html`<tr><th scope="row" class="long">${column.name}</th><td class="text">${use}</td><td class="text">${content}</td><td>${missing}</td><td class="text long">${notes}</td></tr>
`;
  })}</tbody>
</table></div>
${columns.length > maxRows && html`<p class="note">The first ${count(maxRows)} of ${counted(columns.length, 'column')}.</p>`}`;
}
