import { rounded, usd } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** Renders the measured bill, with the estimate of Plan. */
export function costSection({ bill }: RunMetrics): Markup | false {
  if (!bill) return false;
  const { lines, totalUsd, estimatedUsd, pricesAsOf, region, notes } = bill;
  return html`<section>
<h2>Cost</h2>
<p class="note">Computed from the tasks' recorded times, at the prices of ${region} as of ${pricesAsOf}, without free tiers and taxes. Requests and storage are estimated. Evaluate, which writes this report, and Publish, which follows, are not included.</p>
<div class="scroll" role="region" aria-label="Cost" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">For</th><th scope="col">Used</th><th scope="col" class="text">Unit</th><th scope="col">Cost</th></tr></thead>
<tbody>${lines.map(
    ({ what, quantity, unit, usd: price }) =>
      html`<tr><th scope="row">${what}</th><td>${rounded(quantity)}</td><td class="text">${unit}</td><td>${usd(price)}</td></tr>
`,
  )}</tbody>
<tfoot><tr><th scope="row" colspan="3">Total</th><td>${usd(totalUsd)}</td></tr>
<tr><th scope="row" colspan="3">Estimated before the run, with Evaluate and Publish</th><td>${usd(estimatedUsd)}</td></tr></tfoot>
</table></div>
${notes.map((note) => html`<p class="note">${note}</p>`)}
</section>`;
}
