import { leftOutText } from '../../data/left-out-text.ts';
import { count } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import { reasonLines } from '../quarantine-reasons.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** Renders the sizes of the sets, examples that were quarantined, and files that were left out. */
export function dataSection(metrics: RunMetrics): Markup {
  const { run, labels, quarantined, quarantineExamples, quarantineReasons, leftOut } = metrics;
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
${
  quarantined > 0 &&
  html`<p class="note">Quarantined examples could not be used. <code>runs/${run}/quarantine/</code> has the reason for each.</p>`
}
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
