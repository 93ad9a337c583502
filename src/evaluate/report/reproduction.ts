import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';

export function reproductionSection({ run, dataset }: RunMetrics): Markup {
  return html`<section>
<h2>Again</h2>
<p>The same data and the same <code>distill.yaml</code> give the same run, with the same seed. Run it on the dataset's folder or bucket:</p>
<pre>counterweight run ${dataset}</pre>
<p class="note">The figures of this page, for machines: <code>runs/${run}/metrics.json</code>.</p>
</section>`;
}
