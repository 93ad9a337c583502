import type { Config } from '../../config/schema.ts';
import { configFields } from '../config-fields.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** Renders the command that repeats the run, and its config. */
export function reproductionSection({ run, dataset }: RunMetrics, config?: Config): Markup {
  return html`<section>
<h2>Reproduction</h2>
<p>The same data and the same <code>distill.yaml</code>, which includes the seed, give the same run. Run it on the dataset's folder or bucket:</p>
<pre>counterweight run ${dataset}</pre>
<p class="note">The figures of this page as JSON: <code>runs/${run}/metrics.json</code>.</p>
${config && configTable(config)}
</section>`;
}

function configTable(config: Config): Markup {
  return html`<details><summary>The config, with all defaults</summary>
<div class="scroll" role="region" aria-label="Config" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">Field</th><th scope="col" class="text">Value</th><th scope="col" class="text">Origin</th></tr></thead>
<tbody>${configFields(config).map(
    ({ path, value, isDefault }) =>
      html`<tr><th scope="row">${path}</th><td class="text long">${value}</td><td class="text">${isDefault ? 'default' : 'distill.yaml'}</td></tr>
`,
  )}</tbody>
</table></div></details>`;
}
