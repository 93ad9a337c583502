import { fixed } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import { mainMetric } from '../main-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { exampleList, type Previews } from './previews.ts';

/** Renders the first examples of `label-next.csv`. */
export function labelNextSection(
  { run, labelNext: examples, metrics }: RunMetrics,
  previews: Previews,
): Markup | false {
  const { classes } = mainMetric(metrics);
  if (examples.length === 0) return false;
  return html`<section>
<h2>What to label next</h2>
<p class="note">The unlabeled examples on which the teacher is least sure, spread over its ${classes}. To label them, open <code>runs/${run}/label-next.html</code> in a browser, save the answers, and give them to <code>counterweight add-labels</code>. <code>label-next.csv</code> beside it lists more.</p>
${exampleList(
  'Examples to label next',
  examples.map(({ shard, id, prediction, margin }) => ({
    shard,
    id,
    facts: [
      { name: 'Pseudo-label', text: prediction, isText: true },
      { name: 'Margin', text: fixed(margin, 3) },
    ],
  })),
  previews,
)}
</section>`;
}
