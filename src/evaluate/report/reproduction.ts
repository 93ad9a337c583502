import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** Renders the command that repeats the run. */
export function reproductionSection({ run, dataset }: RunMetrics): Markup {
  return html`<section>
<h2>Reproduction</h2>
<p>The same data and the same <code>distill.yaml</code>, which includes the seed, give the same run. Run it on the dataset's folder or bucket:</p>
<pre>counterweight run ${dataset}</pre>
<p class="note">The figures of this page as JSON: <code>runs/${run}/metrics.json</code>. The prediction of each model per example: <code>runs/${run}/predictions.parquet</code>.</p>
</section>`;
}
