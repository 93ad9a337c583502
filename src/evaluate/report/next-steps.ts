import type { Config } from '../../config/schema.ts';
import { html, type Markup } from '../html.ts';
import { nextSteps } from '../next-steps.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** Renders what to do next. */
export function nextStepsSection(metrics: RunMetrics, config?: Config): Markup | false {
  const steps = nextSteps(metrics, config);
  if (steps.length === 0) return false;
  return html`<section>
<h2>What to do next</h2>
<ol class="sentences">${steps.map((text) => html`<li>${text}</li>`)}</ol>
<p class="note">By expected gain, which is a rough estimate.</p>
</section>`;
}
