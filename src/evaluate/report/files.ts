import { bytes, count, percent } from '../../format.ts';
import { html, type Markup } from '../html.ts';
import type { RunMetrics } from '../run-metrics.ts';

/** Renders the files of the first student, compared with the student. */
export function filesSection({ students, run, evaluatedOn }: RunMetrics): Markup | false {
  const { variant, exports } = students[0]!;
  const files = exports.flatMap((record) => ('leftOut' in record ? [] : [record]));
  if (files.length === 0) return false;
  return html`<section>
<h2>Files of the student</h2>
<p>In <code>runs/${run}/students/${variant}/</code>, with <code>MODEL.md</code>. Each was run on ${evaluatedOn} examples and compared with the student. Rounded weights make a file smaller, and can change its answers.</p>
<div class="scroll" role="region" aria-label="Files" tabindex="0"><table class="narrow">
<thead><tr><th scope="col">Format</th><th scope="col">Size</th><th scope="col">Examples</th><th scope="col">Largest difference of a probability</th><th scope="col">Accuracy on them (student)</th></tr></thead>
<tbody>${files.map(
    ({ format, bytes: size, examples, largestDifference, rounded }) =>
      html`<tr><th scope="row">${format}</th><td>${bytes(size)}</td><td>${count(examples)}</td><td>${largestDifference.toPrecision(2)}</td><td>${rounded ? `${percent(rounded.accuracy)} (${percent(rounded.studentAccuracy)})` : 'as the student'}</td></tr>
`,
  )}</tbody>
</table></div>
</section>`;
}
